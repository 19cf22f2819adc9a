# Names that need quotes, a comment, and what goes wrong.
createdb -e 'a b' "it's"; echo $?
createdb 'a b'; echo $?
dropdb -e 'a b'
createdb -e user; dropdb -e user
createdb -E nope x
createdb ''
createdb --maintenance-db=nope x 2>&1 | sed 's|socket "[^"]*"|socket "…"|'
createdb --lc=C x
createdb --echo=x y
createdb --host
