#
# For the benchmarks: parties as clusters on loopback, and medians.
#
# Clusters run as one would run them: TLS and SCRAM on the links, fsync on.
# BENCH_TLS=off leaves TLS away.  Every figure is a ratio or a median of one run on
# one machine; run what you compare beside it.
#

source "$(dirname "${BASH_SOURCE[0]}")/../test/tools/lib.sh"

# bench_parties COUNT SQL [settings]: make so many parties, and at each what
# SQL says (%party% is its number from 0): a table "staff" for the study
#   payroll (rank text, salary numeric(12,2), hours integer)
bench_parties()
{
	local count=$1 sql=$2 settings=${3:-} i j port key tls="sslmode 'disable'"

	bench_names=(acme globex initech hooli umbrella)
	bench_names=("${bench_names[@]:0:$count}")
	for i in "${!bench_names[@]}"
	do
		local name=${bench_names[$i]}

		smc_cluster_init "$name" <<-CONF
			fsync = on
			shared_buffers = 256MB
			max_wal_size = 4GB
			$settings
		CONF
		smc_cluster_tls "$name"
		if [ "${BENCH_TLS:-on}" = off ]
		then
			smc_as sed -i 's/^ssl = on/ssl = off/' "$SMC_SCRATCH/run/$name/postgresql.conf"
			smc_as sed -i 's/^hostssl/host/' "$SMC_SCRATCH/run/$name/pg_hba.conf"
		else
			tls="sslmode 'verify-full', sslrootcert '$SMC_SCRATCH/run/certificates/ca.crt'"
		fi
		smc_cluster_start "$name"
		smc_sql "$name" postgres -At -c "CREATE EXTENSION smc" -c "SELECT smc_create_identity('$name')" >/dev/null
		smc_sql "$name" postgres -c "${sql//%party%/$i}"
		smc_sql "$name" postgres -c "VACUUM (ANALYZE, FREEZE) staff" -c "CHECKPOINT"
	done
	for i in "${bench_names[@]}"
	do
		for j in "${bench_names[@]}"
		do
			[ "$i" != "$j" ] || continue
			port=SMC_PORT_$j
			key=$(smc_sql "$j" postgres -At -c "SELECT smc_public_key()")
			smc_sql "$i" postgres -c "CREATE ROLE $j LOGIN PASSWORD 'secret' IN ROLE smc_link" \
				-c "CREATE SERVER $j FOREIGN DATA WRAPPER smc OPTIONS (host '127.0.0.1', port '${!port}', dbname 'postgres', $tls, public_key '$key')" \
				-c "CREATE USER MAPPING FOR PUBLIC SERVER $j OPTIONS (user '$i', password 'secret')"
		done
	done
	smc_sql acme postgres -c "CREATE FOREIGN TABLE payroll (
		rank text OPTIONS (allow 'group, filter', values '{AsstProf,AssocProf,Prof}'),
		salary numeric(12,2) OPTIONS (allow 'count, sum, avg, min, max, compare, variance, stddev, covar, corr, regr'),
		hours integer OPTIONS (allow 'count, sum, avg, variance, stddev, covar, corr, regr'))
		SERVER acme OPTIONS (parties '$(sed 's/ /, /g' <<<"${bench_names[*]}")', reveal_to 'all', source 'staff')"
	for i in "${bench_names[@]}"
	do
		if [ "$i" != acme ]
		then
			smc_sql "$i" postgres -c "IMPORT FOREIGN SCHEMA smc LIMIT TO (payroll) FROM SERVER acme INTO public" \
				-c "ALTER FOREIGN TABLE payroll OPTIONS (ADD source 'staff')"
		fi
		smc_sql "$i" postgres -At -c "SELECT smc_accept('payroll')" >/dev/null
	done
}

# A small table: 132 rows at each party.
BENCH_SMALL="CREATE TABLE staff AS SELECT (ARRAY['AsstProf','AssocProf','Prof'])[1 + n % 3] AS rank,
	(50000 + (n * 7919 + %party%) % 100000)::numeric(12,2) AS salary, 30 + n % 20 AS hours FROM generate_series(1, 132) n"

bench_stop()
{
	local name

	for name in "${bench_names[@]}"
	do
		smc_cluster_stop "$name"
		rm -rf "$SMC_SCRATCH/run/$name"
	done
}

# Print the median, the smallest and the largest of the numbers on standard input.
bench_median()
{
	sort -g | awk '{ v[NR] = $1 }
		END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
			printf "%.3f (%.3f to %.3f, %d runs)", m, v[1], v[NR], NR }'
}

# bench_timed NAME SQL: run it in a session of its own; print its milliseconds, without the connecting.
bench_timed()
{
	smc_sql "$1" postgres -At -c '\timing on' -c "$2" | awk '/^Time:/ { print $2 }'
}

# bench_latencies NAME COUNT SQL: run it COUNT times in one session after 50 to warm up; print milliseconds.
bench_latencies()
{
	local port=SMC_PORT_$1 dir

	dir=$(mktemp -d "$SMC_SCRATCH/run/pgbench.XXXXXX")
	chmod 777 "$dir"
	echo "$3" >"$dir/script"
	chmod 644 "$dir/script"
	smc_as "$SMC_BIN/pgbench" -n -h "$SMC_SOCKETS" -p "${!port}" -U postgres -t $(($2 + 50)) -f "$dir/script" \
		-l --log-prefix="$dir/log" postgres >"$dir/out" 2>&1 || { cat "$dir/out" >&2; smc_die "pgbench failed"; }
	tail -n +51 "$dir"/log.* | awk '{ print $3 / 1000 }'
	rm -rf "$dir"
}

smc_scratch
smc_root
