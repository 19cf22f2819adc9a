# Statements without anything.
cat > script.sql <<'EOF'
;
;;
select;
 -- nothing
/* only a comment */;
EOF
psql -X -f script.sql
