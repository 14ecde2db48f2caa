#!/usr/bin/env bash
# One run through the command line as a user would make it, in an empty folder. Called by `make cli`; spinloom is on PATH.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

step() { echo "  \$ spinloom $*"; spinloom "$@"; }
fails_with() { # fails_with CODE TEXT COMMAND...: the exit code and the message that a user sees
    local code=$1 text=$2 got=0
    shift 2
    spinloom "$@" >out.txt 2>err.txt || got=$?
    [ "$got" -eq "$code" ] || { echo "spinloom $*: exit code $got instead of $code" >&2; cat out.txt err.txt >&2; exit 1; }
    grep -q -- "$text" err.txt || { echo "spinloom $*: no '$text' in its message:" >&2; cat err.txt >&2; exit 1; }
    [ ! -s out.txt ] || { echo "spinloom $*: an error also wrote to the output stream" >&2; exit 1; }
    grep -q Traceback err.txt && { echo "spinloom $*: a traceback" >&2; exit 1; }
    echo "  \$ spinloom $*   (refused as it should be)"
}
json() { # json EXPRESSION: holds for d, the object that was printed
    python -c 'import json, sys; d = json.load(open("out.json")); assert eval(sys.argv[1]), f"{sys.argv[1]}: {d}"' "$1"
}

step --version
step --help >/dev/null
step parameters list
spinloom parameters show Xin2023_mtj --json >out.json
json "d['name'] == 'Xin2023_mtj'"

step device show Xin2023_mtj >/dev/null
step device curve Xin2023_mtj --current 2uA:30uA:8 --pulse 10ns --set temperature=350K --trials 200 --out curve
test -s curve/curve.csv && test -s curve/curve.nc
step device bits Vodenicarevic2017_mtj --count 1e6 --interval 300us --xor 8 --out bits.bin >/dev/null
[ "$(wc -c <bits.bin)" -eq 125000 ]
spinloom device curve Xin2023_mtj --current=-2uA:12uA:8 --pulse 10ns --trials 200 --json >out.json
json "d['probability'][0][0] < 0.2 and d['probability'][0][-1] > 0.9"

printf 'pulse,conductance [uS]\n0,10\n1,40\n2,70\n3,100\n4,70\n5,40\n6,10\n' >lab.csv
step synapse fit lab.csv --out fitted
test -s fitted/lab.toml && test -s fitted/figures/lab.png
spinloom synapse show fitted/lab.toml --json >out.json
json "d['metrics']['states'] == 4 and d['metrics']['linearity_error'] < 1e-9"

printf '5 6\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n5 1 1\n1 3 2\n' >ring.txt
step ising solve ring.txt --sweeps 100 --reads 64 --seed 1 --out cut >/dev/null
test -s cut/solution.csv && test -s cut/run.toml && test -s cut/figures/search.png
spinloom ising solve ring.txt --sweeps 100 --reads 64 --seed 1 --target 6 --json >out.json
json "d['value'] == 6 and d['target_reached'] and d['solution']['1'] != d['solution']['3']"

step reproduce --list
spinloom reproduce Xin2023_energy --out runs --json --check >out.json
json "d['verdict'] == 'agrees' and d['seconds'] > 0"
for name in result.nc metrics.json run.toml report.html citations.bib figures; do
    test -s "$(echo runs/Xin2023_energy/*/"$name")" || { echo "the run folder has no $name" >&2; exit 1; }
done
if grep -qE '(src|href)="https?:' runs/Xin2023_energy/*/report.html; then
    # links for a reader are fine, resources from the network are not
    ! grep -qE '<(script|link|img)[^>]+https?:' runs/Xin2023_energy/*/report.html
fi

fails_with 2 "Did you mean" reproduce Xin2023_enrgy --out runs
fails_with 2 "Xin2023_mtj" device show Xin2023_mjt
fails_with 2 "unit" device curve Xin2023_mtj --current 2uA:30uA:8 --pulse 30parsec
printf 'pulse,conductance\n0,10\n1,40\n' >bare.csv
fails_with 2 "has no unit" synapse fit bare.csv
printf '3 1\n1 4 1\n' >bad.txt
fails_with 2 "nodes are 1 to 3" ising solve bad.txt
step data list
echo "  the command line works"
