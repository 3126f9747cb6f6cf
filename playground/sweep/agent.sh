#!/bin/sh
# The sweep's agent: does what the prompt says as cheaply as it can be done with a real git in the real tree.
prompt=$(cat)
case "$prompt" in
  *"Scripted agent: no-commit"*)
    echo "I made no change: the description does not say which currency the totals are in."
    exit 0
    ;;
esac
closing=$(printf '%s\n' "$prompt" | sed -n 's/^ *\(Closes #.*\|AFK-Run: .*\|Implemented-by: .*\)$/\1/p')
broken=$(ls | grep '^broken' | head -n 1)
if [ -n "$broken" ]; then
  git rm --quiet "$broken" || exit 1
  git commit --quiet -m "fix: mend what CI refused" -m "$closing" || exit 1
  git push --quiet origin HEAD:main || exit 1
  echo "Done: what was broken is mended."
  exit 0
fi
case "$prompt" in
  *"Scripted agent: red twice"*) echo "CI refuses this" | tee broken-1 > broken-2; git add broken-1 broken-2 ;;
  *"Scripted agent: red"*) echo "CI refuses this" > broken-1; git add broken-1 ;;
esac
number=$(printf '%s\n' "$prompt" | sed -n 's/^ *Closes #\([0-9][0-9]*\).*/\1/p' | head -n 1)
date +%s%N >> "feature-$number"
git add "feature-$number" || exit 1
git commit --quiet -m "feat: add feature $number" -m "$closing" || exit 1
git push --quiet origin HEAD:main || exit 1
echo "Done: feature $number is in."
