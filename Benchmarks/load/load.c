// Sends the events of the ingest benchmark over HTTP, or writes them to a file.
//
//   load file  [plan] --out FILE                       one file, for programs that read files
//   load send  [plan] --port N --path P [--type T]     as fast as the server acknowledges
//   load paced [plan] --port N --path P --rate R       R events/s, by the clock
//   load expect [plan] --out FILE                      what SQL must hold afterwards
//
// Plan: --devices N --sensors N --seconds N --batch N --start S --window S
//       --format ndjson|line|csv --epoch-times --shuffled
// Sending: --connections N, --ahead N (the oldest batch that is not acknowledged is at most so
//       many batches behind the newest that is sent: it bounds how late an event can be)
//       --mark S (says `mark` on stderr when S seconds of event time are acknowledged)
//
// `send` and `paced` make all bodies before the first byte is sent, then print one JSON line.
// Latencies of `paced` count from the moment a batch was due, not from when it could be sent.
#define _GNU_SOURCE
#include "events.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct body {
    const char *bytes;
    uint32_t size, events;
};

struct options {
    struct plan plan;
    const char *out, *path, *type;
    int port, connections, ahead;
    uint32_t mark;
    double rate;
};

struct connection {
    int socket;
    long batch;  // -1 when it waits for work
    char header[512];
    size_t header_size, sent, received, answer_size;
    char answer[65536];
    double retry_at;  // 0 unless the server said to come back
};

// Seconds of event time before latencies count.
#define WARM_SECONDS 50

struct sender {
    const struct options *options;
    struct body *bodies;
    double *latencies;
    char *acknowledged;
    long count, next, oldest, done;
    long warm;  // batches before those whose latency counts
    long mark;  // batches before the mark; none is asked for when 0
    int epoll;
    struct connection *connections;
    double started, finished;
    double made;  // seconds that making the bodies took: how quick the machine is just now
    uint64_t bytes, retries, failures;
};

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// ---- Bodies

static struct body *make_bodies(const struct plan *plan, long *count) {
    uint32_t series = series_count(plan);
    uint64_t events = (uint64_t)series * plan->seconds;
    *count = (long)((events + plan->batch - 1) / plan->batch);
    size_t room = events * event_bytes_max + (size_t)*count * 64;
    char *at = mmap(NULL, room, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct body *bodies = calloc((size_t)*count, sizeof *bodies);
    uint32_t *order = calloc(series, sizeof *order);
    if (at == MAP_FAILED || !bodies || !order) fail("memory for the events");
    uint64_t event = 0;
    for (uint32_t second = 0; second < plan->seconds; second++) {
        order_series(plan, second, order);
        for (uint32_t i = 0; i < series; i++, event++) {
            struct body *body = &bodies[event / plan->batch];
            if (event % plan->batch == 0) {
                body->bytes = at;
                if (plan->format == CSV) at = put(at, "device,sensor,time,value\n");
            }
            at = put_event(at, plan, order[i], second);
            body->size = (uint32_t)(at - body->bytes);
            body->events++;
        }
    }
    free(order);
    return bodies;
}

static void write_file(const struct plan *plan, const char *path) {
    FILE *file = fopen(path, "w");
    uint32_t *order = calloc(series_count(plan), sizeof *order);
    char line[event_bytes_max];
    if (!file || !order) fail(path);
    if (plan->format == CSV) fprintf(file, "device,sensor,time,value\n");
    for (uint32_t second = 0; second < plan->seconds; second++) {
        order_series(plan, second, order);
        for (uint32_t i = 0; i < series_count(plan); i++)
            fwrite(line, 1, (size_t)(put_event(line, plan, order[i], second) - line), file);
    }
    if (fclose(file)) fail(path);
}

// ---- Connections

static void watch(struct sender *sender, struct connection *connection, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(sender->epoll, EPOLL_CTL_MOD, connection->socket, &event);
}

static void push(struct sender *sender, struct connection *connection) {
    const struct body *body = &sender->bodies[connection->batch];
    size_t total = connection->header_size + body->size;
    while (connection->sent < total) {
        struct iovec parts[2];
        int count = 0;
        if (connection->sent < connection->header_size) {
            parts[count++] = (struct iovec){connection->header + connection->sent,
                                            connection->header_size - connection->sent};
            parts[count++] = (struct iovec){(void *)body->bytes, body->size};
        } else {
            size_t offset = connection->sent - connection->header_size;
            parts[count++] = (struct iovec){(void *)(body->bytes + offset), body->size - offset};
        }
        ssize_t written = writev(connection->socket, parts, count);
        if (written < 0 && errno == EAGAIN) {
            watch(sender, connection, EPOLLIN | EPOLLOUT);
            return;
        }
        if (written <= 0) fail("sending a batch");
        connection->sent += (size_t)written;
    }
    watch(sender, connection, EPOLLIN);
}

static void begin(struct sender *sender, struct connection *connection) {
    const struct body *body = &sender->bodies[connection->batch];
    const struct options *options = sender->options;
    connection->header_size = (size_t)snprintf(
        connection->header, sizeof connection->header,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: %s\r\nContent-Length: %u\r\n\r\n",
        options->path, options->port, options->type, body->size);
    connection->sent = connection->received = connection->answer_size = 0;
    connection->retry_at = 0;
    push(sender, connection);
}

// The size of the whole answer once its header is in, else 0; -1 when it cannot be read.
static ssize_t answer_size(const struct connection *connection) {
    const char *end = memmem(connection->answer, connection->received, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t header = (size_t)(end - connection->answer) + 4;
    for (const char *at = connection->answer; at < end;) {
        if (!strncasecmp(at, "content-length:", 15))
            return (ssize_t)(header + strtoul(at + 15, NULL, 10));
        at = (const char *)memmem(at, (size_t)(end + 2 - at), "\r\n", 2) + 2;
    }
    return !strncmp(connection->answer + 9, "204", 3) ? (ssize_t)header : -1;
}

static void settle(struct sender *sender, struct connection *connection, const double *due) {
    long batch = connection->batch;
    int status = atoi(connection->answer + 9);
    connection->answer[connection->received] = 0;
    if (status == 429 || status == 503) {
        const char *after = strcasestr(connection->answer, "retry-after:");
        sender->retries++;
        connection->retry_at = now() + (after ? strtod(after + 12, NULL) : 0.1);
        return;
    }
    const char *accepted = strstr(connection->answer, "\"accepted\":");
    if ((status != 200 && status != 204) ||
        (accepted && (uint32_t)atoi(accepted + 11) != sender->bodies[batch].events)) {
        if (sender->failures++ == 0) fprintf(stderr, "load: %s\n", connection->answer);
    }
    sender->finished = now();
    sender->latencies[batch] = sender->finished - due[batch];
    sender->bytes += sender->bodies[batch].size;
    sender->acknowledged[batch] = 1;
    sender->done++;
    while (sender->oldest < sender->count && sender->acknowledged[sender->oldest])
        if (++sender->oldest == sender->mark) fprintf(stderr, "mark\n");
    connection->batch = -1;
}

static void pull(struct sender *sender, struct connection *connection, const double *due) {
    ssize_t count = recv(connection->socket, connection->answer + connection->received,
                         sizeof connection->answer - 1 - connection->received, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the server closed a connection");
    connection->received += (size_t)count;
    if (connection->answer_size == 0) {
        ssize_t size = answer_size(connection);
        if (size < 0 || size >= (ssize_t)sizeof connection->answer) fail("reading an answer");
        connection->answer_size = (size_t)size;
    }
    if (connection->answer_size && connection->received >= connection->answer_size)
        settle(sender, connection, due);
}

static void connect_all(struct sender *sender) {
    const struct options *options = sender->options;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)options->port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    sender->epoll = epoll_create1(0);
    sender->connections = calloc((size_t)options->connections, sizeof *sender->connections);
    for (int i = 0; i < options->connections; i++) {
        struct connection *connection = &sender->connections[i];
        int on = 1;
        connection->batch = -1;
        connection->socket = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(connection->socket, (struct sockaddr *)&address, sizeof address))
            fail("connecting");
        if (fcntl(connection->socket, F_SETFL, O_NONBLOCK)) fail("a socket");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(sender->epoll, EPOLL_CTL_ADD, connection->socket, &event);
    }
}

// Gives waiting connections the batches that are due.
static void give(struct sender *sender, const double *due, double time) {
    const struct options *options = sender->options;
    for (int i = 0; i < options->connections; i++) {
        struct connection *connection = &sender->connections[i];
        if (connection->retry_at > 0 && time >= connection->retry_at) begin(sender, connection);
        if (connection->batch >= 0) continue;
        if (sender->next >= sender->count || due[sender->next] > time) continue;
        if (sender->next >= sender->oldest + options->ahead) continue;
        connection->batch = sender->next++;
        begin(sender, connection);
    }
}

static void run(struct sender *sender, double *due) {
    double interval = 0;
    const struct options *options = sender->options;
    if (options->rate > 0) interval = options->plan.batch / options->rate;
    sender->started = now();
    // The first second of the events brings every series once, at a quarter of the rate: a fleet
    // does not start at once. What is counted begins a while after that.
    long first = sender->warm / WARM_SECONDS;
    for (long batch = 0; batch < sender->count; batch++)
        due[batch] = sender->started +
                     interval * (batch < first ? 4.0 * (double)batch : (double)(batch + 3 * first));
    struct epoll_event events[256];
    while (sender->done < sender->count) {
        double time = now();
        if (interval == 0)
            for (long batch = sender->next; batch < sender->count && due[batch] < time &&
                                            batch < sender->next + options->connections; batch++)
                due[batch] = time;
        give(sender, due, time);
        // The sender has its own core, so a paced one looks at the clock instead of sleeping.
        int count = epoll_wait(sender->epoll, events, 256, interval > 0 ? 0 : 10);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection->batch < 0) continue;
            if (events[i].events & EPOLLOUT) push(sender, connection);
            if (events[i].events & EPOLLIN) pull(sender, connection, due);
        }
    }
}

// ---- The answer

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void report(struct sender *sender) {
    const struct plan *plan = &sender->options->plan;
    double *all = sender->latencies + sender->warm;
    long count = sender->count - sender->warm;
    qsort(all, (size_t)count, sizeof *all, ascending);
    double ms[4], at[] = {0.5, 0.99, 0.999, 1};
    for (int i = 0; i < 4; i++) {
        long index = (long)ceil(at[i] * (double)count) - 1;
        ms[i] = all[index < 0 ? 0 : index] * 1000;
    }
    printf("{\"events\":%llu,\"batches\":%ld,\"bytes\":%llu,\"started\":%.6f,\"finished\":%.6f,"
           "\"retries\":%llu,\"failures\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f,"
           "\"max_ms\":%.3f,\"made_ns\":%.1f}\n",
           (unsigned long long)series_count(plan) * plan->seconds, sender->count,
           (unsigned long long)sender->bytes, sender->started, sender->finished,
           (unsigned long long)sender->retries, (unsigned long long)sender->failures, ms[0], ms[1],
           ms[2], ms[3], sender->made * 1e9 / ((double)series_count(plan) * plan->seconds));
}

static void send_all(const struct options *options) {
    struct sender sender = {.options = options};
    double begun = now();
    sender.bodies = make_bodies(&options->plan, &sender.count);
    sender.made = now() - begun;
    sender.latencies = calloc((size_t)sender.count, sizeof(double));
    sender.acknowledged = calloc((size_t)sender.count, 1);
    double *due = calloc((size_t)sender.count, sizeof *due);
    if (!sender.latencies || !sender.acknowledged || !due) fail("memory for the answers");
    if (options->rate > 0 && options->plan.seconds > WARM_SECONDS)
        sender.warm = sender.count / options->plan.seconds * WARM_SECONDS;
    if (options->mark && options->mark <= options->plan.seconds)
        sender.mark = sender.count / options->plan.seconds * options->mark;
    connect_all(&sender);
    // The driver notes the server's processor time now, then lets the sending begin.
    fprintf(stderr, "ready\n");
    char line[16];
    if (!fgets(line, sizeof line, stdin)) exit(1);
    run(&sender, due);
    report(&sender);
}

// ---- Arguments

static struct options parse(int count, char **words) {
    struct options options = {
        .plan = {10000, 10, 60, 1000, 1767225600, 10, NDJSON, false, false},
        .path = "/v1/events", .connections = 16, .ahead = 64, .port = 8380,
    };
    struct { const char *name; uint32_t *value; } numbers[] = {
        {"--devices", &options.plan.devices}, {"--sensors", &options.plan.sensors},
        {"--seconds", &options.plan.seconds}, {"--batch", &options.plan.batch},
        {"--window", &options.plan.window},   {"--port", (uint32_t *)&options.port},
        {"--connections", (uint32_t *)&options.connections},
        {"--ahead", (uint32_t *)&options.ahead},
        {"--mark", &options.mark},
    };
    for (int i = 2; i < count; i++) {
        const char *word = words[i];
        if (!strcmp(word, "--shuffled")) { options.plan.shuffled = true; continue; }
        if (!strcmp(word, "--epoch-times")) { options.plan.epoch_times = true; continue; }
        if (++i == count) { fprintf(stderr, "load: %s needs a value\n", word); exit(2); }
        const char *value = words[i];
        size_t n = 0;
        while (n < sizeof numbers / sizeof *numbers && strcmp(numbers[n].name, word)) n++;
        if (n < sizeof numbers / sizeof *numbers) {
            *numbers[n].value = (uint32_t)strtoul(value, NULL, 10);
            if (*numbers[n].value == 0) { fprintf(stderr, "load: %s %s\n", word, value); exit(2); }
        } else if (!strcmp(word, "--start")) options.plan.start = strtoll(value, NULL, 10);
        else if (!strcmp(word, "--rate")) options.rate = strtod(value, NULL);
        else if (!strcmp(word, "--path")) options.path = value;
        else if (!strcmp(word, "--type")) options.type = value;
        else if (!strcmp(word, "--out")) options.out = value;
        else if (!strcmp(word, "--format"))
            options.plan.format = !strcmp(value, "line")  ? LINE
                                  : !strcmp(value, "csv") ? CSV
                                                          : NDJSON;
        else { fprintf(stderr, "load: there is no option %s\n", word); exit(2); }
    }
    static const char *const types[] = {"application/x-ndjson", "text/plain; charset=utf-8",
                                        "text/csv"};
    if (!options.type) options.type = types[options.plan.format];
    return options;
}

int main(int count, char **words) {
    const char *verb = count > 1 ? words[1] : "";
    struct options options = parse(count, words);
    bool writes = !strcmp(verb, "file") || !strcmp(verb, "expect");
    if (writes && !options.out) { fprintf(stderr, "load: --out is missing\n"); return 2; }
    if (!strcmp(verb, "file")) write_file(&options.plan, options.out);
    else if (!strcmp(verb, "expect")) {
        if (write_expectation(&options.plan, options.out)) fail(options.out);
    } else if (!strcmp(verb, "send") || (!strcmp(verb, "paced") && options.rate > 0)) {
        if (!strcmp(verb, "send")) options.rate = 0;
        send_all(&options);
    } else {
        fprintf(stderr, "load: say file, send, paced with --rate, or expect\n");
        return 2;
    }
    return 0;
}
