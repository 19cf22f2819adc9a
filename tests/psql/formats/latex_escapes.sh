# What LaTeX would read otherwise.
psql -Xq <<'EOF'
\pset format latex
select '# $ % & < > \ ^ _ { | } ~' as "a_b#", E'line\nbreak' as l;
\pset format latex-longtable
\pset title 'x_y & z'
select '# $ % & < > \ ^ _ { | } ~' as "a_b#", E'line\nbreak' as l;
\pset expanded on
select '# $ % & < > \ ^ _ { | } ~' as "a_b#", E'line\nbreak' as l;
EOF
