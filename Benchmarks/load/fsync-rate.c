// Measures what a durable append costs on a disk: appends, syncs, and prints the percentiles.
//
//   fsync-rate FILE BYTES SECONDS
//
// Prints one JSON line; the file is removed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { samples_max = 1 << 20 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int count, char **words) {
    if (count != 4) return fprintf(stderr, "fsync-rate FILE BYTES SECONDS\n"), 2;
    size_t size = strtoul(words[2], NULL, 10);
    double seconds = strtod(words[3], NULL), *samples = calloc(samples_max, sizeof *samples);
    char *bytes = malloc(size ? size : 1);
    int file = open(words[1], O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0 || !samples || !bytes || size == 0) return perror(words[1]), 1;
    for (size_t i = 0; i < size; i++) bytes[i] = (char)(i * 131);
    int n = 0;
    for (double end = now() + seconds; n < samples_max;) {
        double start = now();
        if (start >= end) break;
        if (write(file, bytes, size) != (ssize_t)size || fdatasync(file))
            return perror(words[1]), 1;
        samples[n++] = now() - start;
    }
    unlink(words[1]);
    qsort(samples, (size_t)n, sizeof *samples, ascending);
    printf("{\"syncs\":%d,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"p999_ms\":%.3f}\n", n,
           samples[n / 2] * 1000, samples[(int)(n * 0.99)] * 1000,
           samples[(int)(n * 0.999)] * 1000);
    return 0;
}
