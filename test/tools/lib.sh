#
# For the scripts here, in demo and in bench: a scratch directory that goes
# away with whatever runs in it, a private PostgreSQL with smc in it, and
# private clusters.  Source it; it sets
#
#   SMC_SRC      the project
#   SMC_SCRATCH  after smc_scratch: a directory of our own, writable by all of our users
#   SMC_BIN      after smc_root: the private PostgreSQL's programs
#
# Clusters are directories below SMC_SCRATCH; each has its socket in
# SMC_SOCKETS, which is short whatever TMPDIR is.  SMC_KEEP=1 keeps the
# scratch directory (servers are stopped nonetheless).
#

SMC_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
SMC_TOOLS=$SMC_SRC/test/tools
export LC_ALL=C.UTF-8
unset PGDATA PGHOST PGPORT PGUSER PGDATABASE PGSERVICE PGSERVICEFILE PGOPTIONS PGPASSFILE PGPASSWORD MAKEFLAGS MAKELEVEL

smc_die()
{
	echo "$(basename "$0"): $*" >&2
	exit 1
}

# Make the scratch directory, and have it cleaned up however this script ends.
smc_scratch()
{
	if [ -n "${SMC_SCRATCH:-}" ]
	then
		return				# a part of a larger run, which cleans up
	fi
	local tmp=${TMPDIR:-/tmp}

	case $tmp in
		*[!A-Za-z0-9/._-]*) tmp=/tmp ;;		# make can't install into such a path
	esac
	SMC_SCRATCH=$(mktemp -d "$tmp/smc.XXXXXX")
	SMC_SCRATCH=$(cd "$SMC_SCRATCH" && pwd -P)
	trap smc_cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	if [ ${#SMC_SCRATCH} -gt 50 ]
	then
		SMC_SOCKETS=$(mktemp -d /tmp/smc.XXXXXX)
	else
		SMC_SOCKETS=$SMC_SCRATCH/s
		mkdir "$SMC_SOCKETS"
	fi
	mkdir "$SMC_SCRATCH/run"
	chmod 755 "$SMC_SCRATCH"
	if [ "$(id -u)" -eq 0 ]
	then
		chown postgres: "$SMC_SOCKETS" "$SMC_SCRATCH/run"
	fi
	export SMC_SCRATCH SMC_SOCKETS
}

# Stop every server whose data directory is in the scratch directory, and remove it.
smc_cleanup()
{
	local status=$? pidfile pid

	trap - EXIT HUP INT TERM
	set +e
	while read -r pidfile
	do
		read -r pid <"$pidfile"
		# a test may have left processes stopped: they would never notice
		kill -CONT "$pid" $(ps -o pid= --ppid "$pid") 2>/dev/null
		smc_as "$SMC_BIN/pg_ctl" stop -s -m immediate -t 20 -D "$(dirname "$pidfile")" >/dev/null 2>&1
	done < <(find "$SMC_SCRATCH" -name postmaster.pid 2>/dev/null)
	if [ -n "${SMC_KEEP:-}" ]
	then
		echo "kept $SMC_SCRATCH" >&2
	else
		rm -rf "$SMC_SCRATCH" "$SMC_SOCKETS"
	fi
	exit $status
}

smc_as()
{
	"$SMC_TOOLS/as-postgres" "$@"
}

# Build smc and install it into a private PostgreSQL, once a run.
smc_root()
{
	local pg_config

	if [ -n "${SMC_BIN:-}" ]
	then
		return
	fi
	make -s -C "$SMC_SRC" -j"$(nproc)" >"$SMC_SCRATCH/build.log" 2>&1 ||
		{ cat "$SMC_SCRATCH/build.log" >&2; smc_die "the build failed"; }
	pg_config=$("$SMC_TOOLS/pgroot" "$SMC_SCRATCH/pg")
	make -s -C "$SMC_SRC" install PG_CONFIG="$pg_config" >"$SMC_SCRATCH/install.log" 2>&1 ||
		{ cat "$SMC_SCRATCH/install.log" >&2; smc_die "the installation failed"; }
	SMC_BIN=$(dirname "$pg_config")
	SMC_PGXS=$(dirname "$(dirname "$("$pg_config" --pgxs)")")
	export SMC_BIN SMC_PGXS
	export PATH=$SMC_BIN:$PATH
}

# Print a TCP port that nobody listens on, below the range that the kernel gives away.
smc_free_port()
{
	local port

	while :
	do
		port=$((20000 + RANDOM % 10000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && [ ! -e "$SMC_SOCKETS/.s.PGSQL.$port" ]
		then
			echo "$port"
			return
		fi
	done
}

# smc_cluster_init NAME: make a cluster, with smc loaded, on a port of its own.
# Further settings are read from standard input.  Sets SMC_PORT_<name>.
smc_cluster_init()
{
	local name=$1 data=$SMC_SCRATCH/run/$1 port

	port=$(smc_free_port)
	smc_as "$SMC_BIN/initdb" -D "$data" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 >"$SMC_SCRATCH/initdb.log" 2>&1 ||
		{ cat "$SMC_SCRATCH/initdb.log" >&2; smc_die "initdb failed"; }
	{
		echo "shared_preload_libraries = 'smc'"
		echo "unix_socket_directories = '$SMC_SOCKETS'"
		echo "listen_addresses = ''"
		echo "port = $port"
		echo "fsync = off"
		echo "max_worker_processes = 32"
		echo "log_line_prefix = '%m [%p] %q%u@%d '"
		cat
	} | smc_as tee -a "$data/postgresql.conf" >/dev/null
	printf -v "SMC_PORT_$name" %s "$port"
}

smc_cluster_start()
{
	local data=$SMC_SCRATCH/run/$1

	smc_as "$SMC_BIN/pg_ctl" start -s -w -t 60 -D "$data" -l "$data.log" >/dev/null ||
		{ tail -20 "$data.log" >&2; smc_die "cluster $1 doesn't start"; }
}

smc_cluster_stop()
{
	smc_as "$SMC_BIN/pg_ctl" stop -s -m fast -D "$SMC_SCRATCH/run/$1" >/dev/null
}

# smc_cluster_tls NAME: TLS for a cluster that isn't started yet, by this run's
# own authority (SMC_SCRATCH/run/certificates/ca.crt); peers come over TCP with
# SCRAM, everyone else over the socket.  Settings and pg_hba.conf.
smc_cluster_tls()
{
	local data=$SMC_SCRATCH/run/$1 certificates=$SMC_SCRATCH/run/certificates

	smc_as bash -s "$certificates" "$1" <"$SMC_TOOLS/certificate"
	smc_as tee -a "$data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = '127.0.0.1'
		password_encryption = 'scram-sha-256'
		ssl = on
		ssl_cert_file = '$certificates/$1.crt'
		ssl_key_file = '$certificates/$1.key'
	CONF
	smc_as tee "$data/pg_hba.conf" >/dev/null <<-HBA
		local all postgres trust
		hostssl all +smc_link 127.0.0.1/32 scram-sha-256
	HBA
}

# smc_sql NAME DATABASE [psql options]: psql as superuser at a cluster, stopping at the first error.
smc_sql()
{
	local port=SMC_PORT_$1 database=$2

	shift 2
	smc_as "$SMC_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$SMC_SOCKETS" -p "${!port}" -U postgres -d "$database" "$@"
}
