# The option linestyle and the styles of Unicode lines.
psql -X <<'EOF'
\pset linestyle
\pset linestyle u
\pset linestyle OLD
\pset linestyle a
\pset linestyle x
\pset linestyle ''
\pset unicode_border_linestyle
\pset unicode_border_linestyle double
\pset unicode_border_linestyle s
\pset unicode_border_linestyle x
\pset unicode_column_linestyle
\pset unicode_column_linestyle double
\pset unicode_column_linestyle s
\pset unicode_column_linestyle x
\pset unicode_header_linestyle
\pset unicode_header_linestyle double
\pset unicode_header_linestyle s
\pset unicode_header_linestyle x
EOF
