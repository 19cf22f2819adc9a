# Every option in the command.
# server: reference
vacuumdb -q -e -F -z -t t1 -P 2 --disable-page-skipping --skip-locked --no-truncate --no-process-toast --no-process-main --force-index-cleanup --buffer-usage-limit=1MB
vacuumdb -q -e --no-index-cleanup -f -t t1
vacuumdb -q -e --min-xid-age=1000000000 --min-mxid-age=2 -t t1
vacuumdb -q -e -Z --skip-locked --buffer-usage-limit=1MB -t t1
vacuumdb -e --analyze-in-stages -t t1
vacuumdb -e -Z --missing-stats-only -t t1
