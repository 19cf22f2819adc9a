# The options pager and pager_min_lines.
psql -X <<'EOF'
\pset pager
\pset pager
\pset pager always
\pset pager
\pset pager
\pset pager off
\pset pager on
\pset pager 0
\pset pager x
\pset pager ''
\pset pager_min_lines
\pset pager_min_lines 1
\pset pager_min_lines 10
\pset pager_min_lines 0x10
\pset pager_min_lines -4
\pset pager_min_lines x
\pset pager_min_lines ' 5 '
\pset pager_min_lines ''
\pset pager_min_lines 99999999999
EOF
