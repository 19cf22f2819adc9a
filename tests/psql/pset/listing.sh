# All options and their values.
psql -X <<'EOF'
\pset
\pset null 'it''s'
\pset recordsep 'a\nb'
\pset fieldsep_zero
\pset title 'Title 日'
\pset tableattr x=y
\pset columns 80
\pset xheader_width 40
\pset pager always
\pset expanded auto
\pset format latex-longtable
\pset linestyle unicode
\pset unicode_border_linestyle double
\pset footer off
\pset tuples_only on
\pset numericlocale on
\pset csv_fieldsep '\t'
\pset
EOF
