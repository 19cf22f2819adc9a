# The option expanded, its other names, and \x.
psql -X <<'EOF'
\pset expanded
\pset expanded
\pset x
\pset vertical
\pset expanded auto
\x
\x on
\x off
\x AUTO
\x
\x nope
\x ''
\pset expanded 1
\pset expanded of
\pset expanded au
\x on off
EOF
