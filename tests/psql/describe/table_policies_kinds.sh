# Row security on, forced, off.
# server: reference
psql -X <<'EOF'
\d policies_none
\d policies_forced
\d policies_forced_some
\d policies_disabled
EOF
