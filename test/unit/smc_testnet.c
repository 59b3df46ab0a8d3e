/*
 * A network of parties in one process, for unit tests.
 */
#include "smc_testnet.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS		10000

typedef struct Queue
{
	uint8_t    *data;
	size_t		at;				/* taken so far */
	size_t		len;
	size_t		cap;
} Queue;

typedef struct Node
{
	SmcChannel	channel;
	SmcTestParty party;
	void	   *arg;
	SmcTestResult *result;
	int			fds[SMC_PARTIES_MAX];	/* -1: self, or closed by the other side */
	Queue		in[SMC_PARTIES_MAX];
	Queue		out[SMC_PARTIES_MAX];
} Node;

static void
die(const char *what)
{
	perror(what);
	abort();
}

static void
queue_append(Queue *queue, const uint8_t *data, size_t len)
{
	if (queue->at == queue->len)
		queue->at = queue->len = 0;
	if (queue->cap - queue->len < len)
	{
		queue->cap = (queue->len + len) * 2;
		queue->data = realloc(queue->data, queue->cap);
		if (queue->data == NULL)
			die("realloc");
	}
	memcpy(queue->data + queue->len, data, len);
	queue->len += len;
}

/* Hand the socket what it takes without waiting. */
static void
flush_to(Node *node, int to)
{
	Queue	   *queue = &node->out[to];

	while (node->fds[to] >= 0 && queue->at < queue->len)
	{
		ssize_t		n = send(node->fds[to], queue->data + queue->at, queue->len - queue->at,
							 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
		{
			if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
				queue->at = queue->len; /* the other side has ended: nobody reads it */
			return;
		}
		queue->at += (size_t) n;
	}
}

/* Take what has arrived without waiting. */
static void
drain_from(Node *node, int from)
{
	uint8_t		buffer[65536];

	while (node->fds[from] >= 0)
	{
		ssize_t		n = recv(node->fds[from], buffer, sizeof(buffer), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return;
		if (n <= 0)
		{
			close(node->fds[from]);
			node->fds[from] = -1;
			return;
		}
		queue_append(&node->in[from], buffer, (size_t) n);
	}
}

/* Wait until something can move and move it; false when nothing did in time. */
static bool
pump(Node *node)
{
	struct pollfd polls[SMC_PARTIES_MAX];
	int			i;

	for (i = 0; i < node->channel.party_count; i++)
	{
		polls[i].fd = node->fds[i];
		polls[i].events = POLLIN;
		if (node->out[i].at < node->out[i].len)
			polls[i].events |= POLLOUT;
		polls[i].revents = 0;
	}
	if (poll(polls, (nfds_t) node->channel.party_count, PATIENCE_MS) <= 0)
		return false;
	for (i = 0; i < node->channel.party_count; i++)
	{
		if (polls[i].revents & POLLOUT)
			flush_to(node, i);
		if (polls[i].revents & (POLLIN | POLLHUP | POLLERR))
			drain_from(node, i);
	}
	return true;
}

static SmcStatus
node_send(SmcChannel *channel, int to, const uint8_t *data, size_t len)
{
	Node	   *node = channel->state;

	queue_append(&node->out[to], data, len);
	flush_to(node, to);
	return SMC_OK;
}

static SmcStatus
node_receive(SmcChannel *channel, int from, uint8_t *data, size_t len)
{
	Node	   *node = channel->state;
	Queue	   *queue = &node->in[from];

	while (queue->len - queue->at < len)
		if (node->fds[from] < 0 || !pump(node))
			return SMC_ERR_CHANNEL;
	memcpy(data, queue->data + queue->at, len);
	queue->at += len;
	return SMC_OK;
}

/* Whether something waits to be sent to a party that is still there. */
static bool
has_backlog(const Node *node)
{
	int			i;

	for (i = 0; i < node->channel.party_count; i++)
		if (node->fds[i] >= 0 && node->out[i].at < node->out[i].len)
			return true;
	return false;
}

/*
 * A party's thread: run its part, see its bytes off, say that no more come,
 * and read until the others have said so too.
 */
static void *
run_node(void *arg)
{
	Node	   *node = arg;
	bool		open = true;
	int			i;

	node->result->status = node->party(&node->channel, node->arg);

	while (has_backlog(node) && pump(node))
		;
	for (i = 0; i < node->channel.party_count; i++)
		if (node->fds[i] >= 0)
			shutdown(node->fds[i], SHUT_WR);
	while (open)
	{
		open = false;
		for (i = 0; i < node->channel.party_count; i++)
			open |= node->fds[i] >= 0;
		if (open && !pump(node))
			break;
	}

	for (i = 0; i < node->channel.party_count; i++)
		node->result->left_over += node->in[i].len - node->in[i].at;
	node->result->bytes_sent = node->channel.bytes_sent;
	node->result->bytes_received = node->channel.bytes_received;
	node->result->rounds = node->channel.rounds;
	return NULL;
}

static void
node_init(Node *node, int self, int party_count, SmcTestParty party, void *arg, SmcTestResult *result)
{
	memset(node, 0, sizeof(*node));
	memset(result, 0, sizeof(*result));
	node->channel.self = self;
	node->channel.party_count = party_count;
	node->channel.send = node_send;
	node->channel.receive = node_receive;
	node->channel.state = node;
	node->party = party;
	node->arg = arg;
	node->result = result;
	memset(node->fds, -1, sizeof(node->fds));
}

static void
node_free(Node *node)
{
	int			i;

	for (i = 0; i < SMC_PARTIES_MAX; i++)
	{
		if (node->fds[i] >= 0)
			close(node->fds[i]);
		free(node->in[i].data);
		free(node->out[i].data);
	}
}

void
smc_testnet_run(int party_count, SmcTestParty party, void *arg, SmcTestResult *results)
{
	Node	   *nodes = calloc((size_t) party_count, sizeof(Node));
	pthread_t	threads[SMC_PARTIES_MAX];
	int			i;
	int			j;

	if (nodes == NULL)
		die("calloc");
	for (i = 0; i < party_count; i++)
		node_init(&nodes[i], i, party_count, party, arg, &results[i]);
	for (i = 0; i < party_count; i++)
	{
		for (j = i + 1; j < party_count; j++)
		{
			int			pair[2];

			if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
				die("socketpair");
			nodes[i].fds[j] = pair[0];
			nodes[j].fds[i] = pair[1];
		}
	}

	for (i = 0; i < party_count; i++)
		if (pthread_create(&threads[i], NULL, run_node, &nodes[i]) != 0)
			die("pthread_create");
	for (i = 0; i < party_count; i++)
		pthread_join(threads[i], NULL);

	for (i = 0; i < party_count; i++)
		node_free(&nodes[i]);
	free(nodes);
}
