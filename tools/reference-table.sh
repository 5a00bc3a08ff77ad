#!/bin/sh
# The reference table: runs the studies `reference` and `reference-lif` at the sizes and gains of its rows, and states for
# each cell the mean NRMSE over 56 tasks and its standard error here and in `reference-table.csv`, and the difference in
# standard errors of both. That file is an independent computation in numpy (floats, six seeds of rate units, four of
# spiking neurons, a network and a stimulus each).
#
# An NRMSE above 1.5 counts as 1.5, as there. Networks and series are crossed here: the squared error is the variance of
# the means of networks over their number and that of series over theirs.
#
#   tools/reference-table.sh DIR [rate|lif]...     DIR gets the results; those that are there are not made again
#
# QUENCHED is the command to run, `quenched` if it is not set.
set -eu

out=${1:?usage: tools/reference-table.sh DIR [rate|lif]...}
shift
here=$(dirname "$0")
quenched=${QUENCHED:-quenched}
mkdir -p "$out"

# run STUDY NEURONS GAIN GAIN_OF_THE_STUDY [ARGUMENT]...
run() {
    study=$1 neurons=$2 gain=$3 own=$4 dir=$out/$1-$2-$3
    shift 4
    [ -e "$dir/results.csv" ] || "$quenched" study "$study" --quiet --set "reservoir.neurons=$neurons" \
        --set "reservoir.recurrent_gain=$own" "$@" --out "$dir" >&2
    compare "$dir" "$neurons" "$gain"
}

compare() {
    awk -F, -v neurons="$2" -v gain="$3" '
        FILENAME ~ /reference-table.csv$/ { theirs[$1, $2, $3, $4, $6] = $7; error[$1, $2, $3, $4, $6] = $8; next }
        FNR == 1 {
            split("", at)
            for (i = 1; i <= NF; i++) { at[$i] = i; if ($i ~ /parameters\.tau/) at["tau"] = i }
            next
        }
        {
            model = $(at["model"])
            if ("tau" in at) {
                # A setting of the homogeneous network: its time constant in samples.
                split($(at["tau"]), tau, " ")
                column = "hom" tau[1] / (model == "rate" ? 1 : 5)
            } else column = $(at["family"]) $(at["cv"])
            split($(at["task"]), id, "/")
            score = $(at["score_float"]) + 0
            cell = model SUBSEP id[1] SUBSEP neurons SUBSEP ($(at["recurrence"]) == "full" ? gain : 0) SUBSEP column
            if (!(cell in theirs)) next
            n = $(at["network"]); s = $(at["series"])
            sum[cell, n, s] += score > 1.5 ? 1.5 : score; count[cell, n, s]++
            if (n >= networks[cell]) networks[cell] = n + 1
            if (s >= series[cell]) series[cell] = s + 1
        }
        # The variance of the means over one of the two ways, over their number.
        function spread(cell, ways, others, byseries,    i, j, m, all, squares) {
            all = squares = 0
            for (i = 0; i < ways; i++) {
                m = 0
                for (j = 0; j < others; j++) m += byseries ? mean[cell, j, i] : mean[cell, i, j]
                m /= others; all += m; squares += m * m
            }
            return ways > 1 ? (squares - all * all / ways) / (ways - 1) / ways : 0
        }
        END {
            for (key in sum) mean[key] = sum[key] / count[key]
            for (cell in networks) {
                total = 0
                for (i = 0; i < networks[cell]; i++) for (j = 0; j < series[cell]; j++) total += mean[cell, i, j]
                ours = total / networks[cell] / series[cell]
                own = spread(cell, networks[cell], series[cell], 0) + spread(cell, series[cell], networks[cell], 1)
                both = sqrt(own + error[cell] * error[cell])
                split(cell, part, SUBSEP)
                printf "%s,%s,%s,%s,%s,%.4f,%.4f,%.4f,%.4f,%.2f\n", part[1], part[2], part[3], part[4], part[5], \
                    ours, sqrt(own), theirs[cell], error[cell], (ours - theirs[cell]) / both
            }
        }' "$here/reference-table.csv" "$1/results.csv" "$1/tuning.csv" | sort >>"$out/table.csv"
}

echo "model,stimulus,neurons,gain,column,ours,ours_se,theirs,theirs_se,difference_se" >"$out/table.csv"
for model in ${*:-rate lif}; do
    case $model in
    rate)
        run reference 50 0.9 0.9
        # Without recurrence the gain does not matter.
        run reference 50 1.5 1.5 --set 'recurrence=["full"]'
        run reference 200 0.9 0.9
        ;;
    lif)
        run reference-lif 50 0.9 0.27
        run reference-lif 200 0.9 0.27
        ;;
    *) echo "$0: there is no table of \`$model\`; name \`rate\` or \`lif\`" >&2 && exit 2 ;;
    esac
done
awk -F, '
    NR > 1 { printf "%-8s %-14s N=%-3s g=%-3s %-22s %s +- %s, reference %s +- %s: %+.1f\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
      if ($10 <= 2 && $10 >= -2) within++ }
    END { printf "%d of %d cells within two standard errors\n", within, NR - 1 }' "$out/table.csv"
