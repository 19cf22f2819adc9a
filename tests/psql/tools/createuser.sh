# Options and the command they make.
createuser -e u1
createuser -e 'U 2' -s
createuser -e u3 -d -r -I -L --replication --bypassrls -c 5 -v '2030-01-01' -g u1 -g 'U 2' -a postgres
createuser -e u4 -m u3 --role=u1
createuser u1
createuser -c x u5
createuser -c -2 u5
printf 'u7\nn\ny\nx\nn\n' | setsid -w createuser --interactive -e
dropuser -e u4; dropuser u3; dropuser 'U 2'; dropuser u1; dropuser u7
dropuser -e --if-exists u1
dropuser u1
dropuser
