#!/bin/sh
# The agent of the soak and the sweep: as cheap as can be with a real git in the real tree, and of every kind that its issue
# asks for. What it is told after its first message it does like a good one.
told=$(sed -n 's/^.*Scripted agent: \([a-z-]*\).*$/kind \1/p; s/^ *\(Closes #.*\|AFK-Run: .*\|Implemented-by: .*\)$/trailer \1/p')
kind="" closing="" number=""
while IFS= read -r line; do
  case "$line" in
    "kind "*) kind=${kind:-${line#kind }} ;;
    "trailer "*)
      closing="$closing${line#trailer }
"
      case "$line" in "trailer Closes #"*) rest=${line#trailer Closes #} number=${number:-${rest%%[!0-9]*}} ;; esac
      ;;
  esac
done << END
$told
END
case "$kind" in
  silent) echo "Let me think about this."; exec sleep 600 ;;
  fails) echo "The tool runtime gave up."; exit 1 ;;
  crashes) echo "Crashing."; kill -9 $$ ;;
  no-commit) echo "I made no change: the description does not say which currency the totals are in."; exit 0 ;;
  slow) echo "Reading the code first."; sleep 1; echo "Still reading."; sleep 1 ;;
esac
# In most cases nobody has pushed in between.
land() {
  for attempt in 1 2 3 4; do
    git push --quiet origin HEAD:main && return 0
    sleep 0.3
    git fetch --quiet origin && git rebase --quiet origin/main
  done
  exit 1
}
if [ "$kind" != rubbish ]; then
  for broken in broken*; do
    [ -e "$broken" ] || break
    git rm --quiet "$broken" || exit 1
    git commit --quiet -m "fix: mend what CI refused" -m "$closing" || exit 1
    land
    echo "Done: what was broken is mended."
    exit 0
  done
fi
case "$kind" in
  red) echo "CI refuses this" > "broken-$number"; git add "broken-$number" ;;
  red-twice) echo "CI refuses this" | tee "broken-$number-1" > "broken-$number-2"; git add "broken-$number-1" "broken-$number-2" ;;
  rubbish) head -c 40000 /dev/urandom > "broken-$number"; git add "broken-$number"; closing="" ;;
esac
date +%s%N >> "feature-$number"
git add "feature-$number" || exit 1
git commit --quiet -m "feat: add feature $number" -m "$closing" || exit 1
[ "$kind" = unpushed ] && { echo "I committed it and did not push."; exit 0; }
land
echo "Done: feature $number is in."
