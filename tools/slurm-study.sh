#!/usr/bin/env bash
# Runs a small study as an array of jobs on a real SLURM on this one machine, merges the shards, and compares the results with
# those of one process, byte for byte. Needs root and Debian's packages slurmctld, slurmd, slurm-client and munge, which it
# installs where apt-get may; where it cannot, it says so and ends with status 0.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'skipped: %s\n' "$*" >&2; exit 0; }

[ "$(id -u)" = 0 ] || skip 'SLURM is started as root here'
if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
    command -v apt-get >/dev/null || skip 'SLURM is not installed, and there is no apt-get'
    (apt-get update && apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge) >/dev/null 2>&1 ||
        skip 'SLURM cannot be installed here'
fi

cargo build --release --locked --bin quenched
quenched=$PWD/target/release/quenched
dir=$(mktemp -d)
host=$(hostname -s)
mkdir -p "$dir"/{run,state,log,spool}
chmod 755 "$dir" "$dir"/run

# Processes are ended by what they wrote down themselves, never by their names.
stop() {
    scancel --quiet --user=root 2>/dev/null || true
    for name in slurmd slurmctld munged; do
        file=$dir/run/$name.pid
        [ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
    done
    sleep 2
    rm -rf "$dir"
}
trap stop EXIT

head -c 1024 /dev/urandom >"$dir/run/munge.key"
chmod 400 "$dir/run/munge.key"
cat >"$dir/slurm.conf" <<CONF
ClusterName=quenched
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket
CredType=cred/munge
SlurmctldPort=36817
SlurmdPort=36818
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=2
SlurmdTimeout=30
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$dir/slurm.conf
munged --force --key-file="$dir/run/munge.key" --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.pid" \
    --log-file="$dir/log/munged.log" --seed-file="$dir/run/munge.seed"
slurmctld -c -f "$dir/slurm.conf"
slurmd -c -f "$dir/slurm.conf"
for _ in $(seq 100); do
    if sinfo --noheader --format=%T 2>/dev/null | grep -q idle; then break; fi
    sleep 0.2
done

study=$PWD/tests/cli/study.toml
cd "$dir"
"$quenched" study "$study" --quiet --out straight >/dev/null
"$quenched" study "$study" --out parts --print-sbatch 4 | sed "s|^quenched |$quenched |" >job.sh
job=$(sbatch --parsable job.sh)
while squeue --noheader --jobs="$job" 2>/dev/null | grep -q .; do sleep 0.2; done
"$quenched" study status parts
"$quenched" study merge parts >/dev/null
cmp straight/results.csv parts/results.csv
cmp straight/manifest.json parts/manifest.json
cmp straight/report.html parts/report.html
echo 'four jobs of an array and one process: the same bytes'
