/** The few lines of POSIX sh that start a program once, keep its time limit and write down how it ended. */
import { Duration } from "effect"

/**
 * `$1` spool folder, `$2` limit and `$3` grace in seconds, `$4` grace in tenths of a second, `$5` stdin, `$6` umask, then the argv.
 *
 * - `alive` is a named pipe that this shell alone holds open: whoever reads it sees its end when the shell is gone, however it went.
 * - `claim` and `exit` are made under `set -C` (O_EXCL): the first writer wins, and a line counts once its newline is there.
 * - On a full disk `exit` stays empty. A link has its text in its name, and takes no space: `exit.full` says it then.
 * - The program runs in the foreground: a background job of a shell without job control ignores INT and QUIT.
 * - The shell traps TERM and the watchdog ignores it (its sleep inherits that), so the group can be told to end without ending them.
 * - A TERM that comes before the program's own shell has left those traps behind is lost. Whoever ends an attempt makes `ending`
 *   before the first one, and that shell looks for it after: it hears the one or sees the other. So does the watchdog with `why`.
 * - Looking for others reads every process of the machine: a hub that lives ends the group within the 50 ms before that.
 * - Who left the group is looked for by its environment when the time is up: no hub may live that would. At any other end the
 *   next hub looks.
 * - `kill -KILL -$$` ends the watchdog, whatever is left of the group, and this shell.
 */
export const script = `
d=$1 limit=$2 grace=$3 ticks=$4 in=$5 mask=$6 told= w=
shift 6
umask 077
[ -p "$d/alive" ] || mkfifo "$d/alive" 2>/dev/null
[ -p "$d/alive" ] || exit 90
exec 9<>"$d/alive"
trap : HUP INT QUIT
trap told=1 TERM
born() { set -- \${stat##*) }; born=\${20}; }
boot=-
if read -r stat 2>/dev/null </proc/$$/stat; then
  born
  read -r boot </proc/sys/kernel/random/boot_id
else
  born=$(ps -o lstart= -p $$)
fi
ended() { { echo "$1" >"$d/exit"; } 2>/dev/null || ln -s "$1" "$d/exit.full" 2>/dev/null; }
strays() {
  sig=$1 met=1
  for proc in $(grep -lsazxF "HUB_ATTEMPT=$d" /proc/[0-9]*/environ); do
    proc=\${proc%/environ}
    read -r stat 2>/dev/null <"$proc/stat" || continue
    set -- \${stat##*) }
    case $1 in Z* | X*) continue ;; esac
    [ "$3" = $$ ] || { kill "-$sig" "\${proc#/proc/}" 2>/dev/null && met=0; }
  done
  return $met
}
set -C
{ : >"$d/claim"; } 2>/dev/null || exit 91
{ echo "$$ $boot $grace $born" >>"$d/claim"; } 2>/dev/null || { rm -f "$d/claim"; exit 92; }
if [ -n "$limit" ]; then (
  trap '' HUP INT QUIT TERM USR1 USR2 ALRM PIPE
  exec 9<&-
  sleep "$limit" || exit
  echo timed_out >"$d/why"
  strays TERM
  kill -TERM -$$
  sleep "$grace"
  strays KILL
  ended "137 timed_out"
  kill -KILL -$$
) & w=$!; fi
( exec 9<&-; umask "$mask"; [ -e "$d/ending" ] || [ -e "$d/why" ] && exit 143; exec "$@" ) <"$in" >>"$d/out" 2>>"$d/err"
code=$? why=-
[ -e "$d/why" ] && why=timed_out
ended "$code $why"
other() {
  case $2 in Z* | X*) return 1 ;; esac
  [ "$4" = $$ ] && [ "$1" != $$ ] && [ "$1" != "$w" ] && [ "$3" != $$ ] && [ "$3" != "$w" ]
}
others() {
  if [ -r /proc/$$/stat ]; then
    grep -hsE "^[0-9]+ \\(.*\\) . [0-9]+ $$ " /proc/[0-9]*/stat >|"$d/group"
  else
    ps -A -o pid= -o state= -o ppid= -o pgid= | sed 's/^ *\\([0-9]*\\) */\\1 (x) /' >|"$d/group"
  fi
  while read -r line; do
    other "\${line%% *}" \${line##*) } && return
  done <"$d/group"
  return 1
}
[ -n "$told" ] || sleep 0.05
while others || { [ $why = timed_out ] && strays 0; }; do
  [ -n "$told" ] || { told=1; kill -TERM -$$; }
  [ "$ticks" -gt 0 ] || break
  ticks=$((ticks - 1))
  sleep 0.1
done
[ $why = - ] || strays KILL
kill -KILL -$$
`

/** Exit statuses of the wrapper itself before it has the claim. */
export const status = { no_pipe: 90, claimed: 91, full: 92 } as const

export interface Start {
  readonly dir: string
  readonly time_limit: Duration.Duration
  readonly grace: Duration.Duration
  readonly stdin: string
  readonly argv: ReadonlyArray<string>
}

export const argv = (start: Start): Array<string> => [
  "/bin/sh",
  "-c",
  script,
  "hub-attempt",
  start.dir,
  Duration.isFinite(start.time_limit) ? seconds(start.time_limit) : "",
  seconds(start.grace),
  String(Math.ceil(Duration.toMillis(start.grace) / 100)),
  start.stdin,
  process.umask().toString(8),
  ...start.argv,
]

/** Whole seconds where possible: only they are POSIX; fractions are known to GNU, BSD, macOS and busybox. */
const seconds = (duration: Duration.Duration) => String(Duration.toMillis(duration) / 1000)
