// The events of the ingest benchmark: one reading per series and event-time second.
//
// Everything follows from the plan, so that the sender, the files for the peers and the expected
// sums all hold the same events. Values are multiples of 1/8 below 2^10, so that sums are exact
// and can be compared with ==.
#ifndef FLEETSCORE_BENCH_EVENTS_H
#define FLEETSCORE_BENCH_EVENTS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum format { NDJSON, LINE, CSV };
enum { event_bytes_max = 160 };

struct plan {
    uint32_t devices, sensors, seconds, batch;
    int64_t start;       // seconds since 1970, a multiple of the window
    uint32_t window;     // seconds
    enum format format;
    bool epoch_times;    // milliseconds instead of RFC 3339 in NDJSON and CSV
    bool shuffled;       // another order of the series every second
};

static inline uint32_t series_count(const struct plan *plan) {
    return plan->devices * plan->sensors;
}

static inline uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ x >> 33;
}

// A reading in eighths: 20 to 148 in steps of 0.125.
static inline uint32_t reading_eighths(uint32_t series, uint32_t second) {
    return 160 + (uint32_t)(mix((uint64_t)second << 32 | series) & 1023);
}

// Every series reports at its own millisecond of the second.
static inline uint32_t millisecond(uint32_t series) { return (uint32_t)(mix(series) % 1000); }

static inline const char *sensor_name(uint32_t sensor, char *text) {
    static const char *const names[] = {"temperature", "pressure", "vibration", "current",
                                        "voltage",     "humidity", "flow",      "torque",
                                        "speed",       "level"};
    uint32_t round = sensor / 10;
    if (round == 0) return names[sensor];
    sprintf(text, "%s-%u", names[sensor % 10], round);
    return text;
}

static inline char *put(char *at, const char *text) {
    size_t count = strlen(text);
    memcpy(at, text, count);
    return at + count;
}

static inline char *put_digits(char *at, uint64_t value, int count) {
    for (int i = count - 1; i >= 0; i--, value /= 10) at[i] = (char)('0' + value % 10);
    return at + count;
}

static inline char *put_number(char *at, uint64_t value) {
    int count = 1;
    for (uint64_t rest = value; rest >= 10; rest /= 10) count++;
    return put_digits(at, value, count);
}

static inline char *put_value(char *at, uint32_t eighths) {
    at = put_number(at, eighths / 8);
    *at++ = '.';
    return put_digits(at, eighths % 8 * 125, 3);
}

static inline char *put_civil(char *at, int64_t seconds, uint32_t ms) {
    int64_t days = seconds / 86400, rest = seconds % 86400;
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days.
    int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    at = put_digits(at, (uint64_t)year, 4);
    *at++ = '-';
    at = put_digits(at, (uint64_t)month, 2);
    *at++ = '-';
    at = put_digits(at, (uint64_t)(doy - (153 * mp + 2) / 5 + 1), 2);
    *at++ = 'T';
    at = put_digits(at, (uint64_t)(rest / 3600), 2);
    *at++ = ':';
    at = put_digits(at, (uint64_t)(rest / 60 % 60), 2);
    *at++ = ':';
    at = put_digits(at, (uint64_t)(rest % 60), 2);
    *at++ = '.';
    at = put_digits(at, ms, 3);
    *at++ = 'Z';
    return at;
}

static inline char *put_time(char *at, const struct plan *plan, int64_t seconds, uint32_t ms) {
    if (!plan->epoch_times) return put_civil(at, seconds, ms);
    return put_number(at, (uint64_t)seconds * 1000 + ms);
}

static inline char *put_device(char *at, uint32_t device) {
    at = put(at, "machine-");
    return put_digits(at, device, device < 100000 ? 5 : 7);
}

// Writes one event and its line end.
static inline char *put_event(char *at, const struct plan *plan, uint32_t series, uint32_t second) {
    char space[32];
    const char *sensor = sensor_name(series % plan->sensors, space);
    uint32_t device = series / plan->sensors, ms = millisecond(series);
    int64_t seconds = plan->start + second;
    uint32_t eighths = reading_eighths(series, second);
    switch (plan->format) {
    case NDJSON:
        at = put(at, "{\"device\":\"");
        at = put_device(at, device);
        at = put(put(put(at, "\",\"sensor\":\""), sensor), "\",\"time\":");
        if (!plan->epoch_times) *at++ = '"';
        at = put_time(at, plan, seconds, ms);
        if (!plan->epoch_times) *at++ = '"';
        at = put_value(put(at, ",\"value\":"), eighths);
        *at++ = '}';
        break;
    case LINE:
        at = put_device(put(put(at, sensor), ",device="), device);
        at = put_value(put(at, " value="), eighths);
        *at++ = ' ';
        at = put_number(at, (uint64_t)seconds * 1000 + ms);
        break;
    case CSV:
        at = put_device(at, device);
        *at++ = ',';
        at = put(at, sensor);
        *at++ = ',';
        at = put_time(at, plan, seconds, ms);
        *at++ = ',';
        at = put_value(at, eighths);
        break;
    }
    *at++ = '\n';
    return at;
}

// The order in which the series report in a second.
static inline void order_series(const struct plan *plan, uint32_t second, uint32_t *order) {
    uint32_t count = series_count(plan);
    if (second > 0 && !plan->shuffled) return;
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    uint64_t state = mix(0x9e3779b97f4a7c15ULL + second);
    for (uint32_t i = count - 1; i > 0; i--) {
        state = mix(state + i);
        uint32_t j = (uint32_t)(state % (i + 1)), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

// A weight that SQL can compute from the names: a reading that went into the window of another
// device or sensor changes the weighted sum.
static inline uint32_t series_weight(const struct plan *plan, uint32_t series) {
    char space[32];
    const char *sensor = sensor_name(series % plan->sensors, space);
    uint32_t device = series / plan->sensors;
    return device % 1009 + 31 * (uint32_t)strlen(sensor) + (unsigned char)sensor[1];
}

// What SQL must hold afterwards: totals over all series, a row per window.
static inline int write_expectation(const struct plan *plan, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return -1;
    fprintf(file, "end,windows,count,sum,min,max,first,last,stddev,weighted_sum\n");
    uint32_t count = series_count(plan);
    for (uint32_t start = 0; start < plan->seconds; start += plan->window) {
        uint32_t end = start + plan->window < plan->seconds ? start + plan->window : plan->seconds;
        double sums = 0, mins = 0, maxs = 0, firsts = 0, lasts = 0, deviations = 0, weighted = 0;
        for (uint32_t series = 0; series < count; series++) {
            uint64_t sum = 0, squares = 0, low = UINT32_MAX, high = 0, n = end - start;
            for (uint32_t second = start; second < end; second++) {
                uint64_t value = reading_eighths(series, second);
                sum += value;
                squares += value * value;
                if (value < low) low = value;
                if (value > high) high = value;
            }
            sums += (double)sum / 8;
            mins += (double)low / 8;
            maxs += (double)high / 8;
            firsts += reading_eighths(series, start) / 8.0;
            lasts += reading_eighths(series, end - 1) / 8.0;
            if (n > 1) deviations += sqrt((double)(n * squares - sum * sum) / (n * (n - 1.0))) / 8;
            weighted += (double)sum / 8 * series_weight(plan, series);
        }
        fprintf(file, "%lld,%u,%llu,%.3f,%.3f,%.3f,%.3f,%.3f,%.9f,%.3f\n",
                (long long)(plan->start + start + plan->window), count,
                (unsigned long long)count * (end - start), sums, mins, maxs, firsts, lasts,
                deviations, weighted);
    }
    return fclose(file);
}

#endif
