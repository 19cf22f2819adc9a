# \e with an editor that changes the buffer.
cat > script.sql <<'EOF'
\setenv EDITOR 'sed -i s/1/2/'
select 1
\e
;
\setenv EDITOR true
select 3
\e
;
\e nosuchdir/file
\e 0
\e x y
EOF
psql -XAt -f script.sql
