# The option xheader_width.
psql -X <<'EOF'
\pset xheader_width
\pset xheader_width column
\pset xheader_width PAGE
\pset xheader_width full
\pset xheader_width f
\pset xheader_width 17
\pset xheader_width 0
\pset xheader_width -2
\pset xheader_width 3x
\pset xheader_width x
\pset xheader_width ' 5'
\pset xheader_width ''
\pset xheader_width 99999999999
EOF
