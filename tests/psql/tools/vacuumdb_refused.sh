# Options that do not go together.
vacuumdb -a x
vacuumdb -n a -t b; vacuumdb -N a -t b; vacuumdb -n a -N b
for option in -f -F --no-index-cleanup --no-truncate --force-index-cleanup --disable-page-skipping --no-process-main --no-process-toast -P2; do
  vacuumdb -Z $option
done
vacuumdb -j 0; vacuumdb -j x; vacuumdb -P -1; vacuumdb -P 1 -f
vacuumdb --missing-stats-only
vacuumdb --no-index-cleanup --force-index-cleanup
vacuumdb -f --buffer-usage-limit=1MB
vacuumdb --min-xid-age=0
