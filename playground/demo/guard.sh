#!/bin/sh
# Watches over a demo from outside of it: sh guard.sh FOLDER [keep]
#
# Its stdin is a pipe from the demo. A line with a number is a process to end with it; `done` means that the demo has
# tidied up itself. When the pipe closes without that (the demo was killed), this ends the processes, takes what is
# mounted in the folder off, and removes the folder.
trap '' INT TERM HUP
dir=$1
pids=
while read -r line; do
  case $line in
    done) exit 0 ;;
    *) pids="$pids $line" ;;
  esac
done
# A pid that has ended meanwhile may be another's: only a process that still names the folder is ended.
for pid in $pids; do
  case $(ps -o args= -p "$pid" 2>/dev/null) in
    *"$dir"*) kill -9 "$pid" 2>/dev/null ;;
  esac
done
# What was killed may hold the mount for a moment more.
[ -d "$dir/volume" ] && { umount "$dir/volume" || umount -l "$dir/volume"; } 2>/dev/null
[ "$2" = keep ] || rm -rf -- "$dir"
