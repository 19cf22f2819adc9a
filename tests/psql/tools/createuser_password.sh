# A password goes over the wire in its stored form only.
printf 'p\np\n' | setsid -w createuser -P u8 -e | sed 's/SCRAM-SHA-256[^'"'"']*/SECRET/'
dropuser u8
printf 'p\nq\n' | setsid -w createuser -P u8 -e
