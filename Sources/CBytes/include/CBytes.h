// Sixteen bytes at a time, for decoders: compiled into the caller, one instruction or two each.
//
// Every function reads 16 bytes from each pointer whatever it returns: the caller makes sure that
// they are there. Bit i of a mask stands for byte i. The forms that begin with `bytes_plain` do the
// same a byte at a time; they are what other processors run, and what tests compare with.
#ifndef FLEETSCORE_CBYTES_H
#define FLEETSCORE_CBYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BYTES_INLINE static inline __attribute__((always_inline))
#define BYTES_PLAIN(condition)                               \
    uint32_t mask = 0;                                       \
    for (int i = 0; i < 16; i++) {                           \
        uint8_t byte = at[i];                                \
        mask |= (uint32_t)((condition) ? 1 : 0) << i;        \
    }                                                        \
    return mask;

/// The bytes that end or complicate a JSON string: a quote, a backslash, a control character.
BYTES_INLINE uint32_t bytes_plain_string(const uint8_t *_Nonnull at) {
    BYTES_PLAIN(byte == '"' || byte == '\\' || byte < 0x20)
}

/// The bytes equal to one of four.
BYTES_INLINE uint32_t bytes_plain_any(
    const uint8_t *_Nonnull at, uint8_t a, uint8_t b, uint8_t c, uint8_t d
) {
    BYTES_PLAIN(byte == a || byte == b || byte == c || byte == d)
}

/// The bytes that a plain name cannot have: control characters, `/`, and all that is not ASCII.
BYTES_INLINE uint32_t bytes_plain_odd(const uint8_t *_Nonnull at) {
    BYTES_PLAIN(byte < 0x20 || byte == '/' || byte >= 0x7F)
}

/// The bytes that end or complicate a line's series: a space, a backslash, a line end.
BYTES_INLINE uint32_t bytes_plain_series(const uint8_t *_Nonnull at) {
    BYTES_PLAIN(byte == ' ' || byte == '\\' || byte == '\n')
}

/// The bytes that end or complicate a field's key: those and an equals sign, a comma.
BYTES_INLINE uint32_t bytes_plain_key(const uint8_t *_Nonnull at) {
    BYTES_PLAIN(byte == ' ' || byte == '\\' || byte == '\n' || byte == '=' || byte == ',')
}

/// The bytes that are decimal digits.
BYTES_INLINE uint32_t bytes_plain_digits(const uint8_t *_Nonnull at) {
    BYTES_PLAIN(byte >= '0' && byte <= '9')
}

/// The bytes that are the same in both.
BYTES_INLINE uint32_t bytes_plain_same(const uint8_t *_Nonnull at, const uint8_t *_Nonnull other) {
    BYTES_PLAIN(byte == other[i])
}

#if defined(__SSE2__)

typedef uint8_t bytes_lanes __attribute__((vector_size(16)));
typedef char bytes_chars __attribute__((vector_size(16)));

BYTES_INLINE bytes_lanes bytes_load(const uint8_t *_Nonnull at) {
    bytes_lanes lanes;
    memcpy(&lanes, at, 16);
    return lanes;
}

#define BYTES_MASK(lanes) ((uint32_t)__builtin_ia32_pmovmskb128((bytes_chars)(lanes)))

BYTES_INLINE uint32_t bytes_string(const uint8_t *_Nonnull at) {
    bytes_lanes lanes = bytes_load(at);
    return BYTES_MASK((lanes == '"') | (lanes == '\\') | (lanes < 0x20));
}

BYTES_INLINE uint32_t bytes_any(
    const uint8_t *_Nonnull at, uint8_t a, uint8_t b, uint8_t c, uint8_t d
) {
    bytes_lanes lanes = bytes_load(at);
    return BYTES_MASK((lanes == a) | (lanes == b) | (lanes == c) | (lanes == d));
}

BYTES_INLINE uint32_t bytes_odd(const uint8_t *_Nonnull at) {
    bytes_lanes lanes = bytes_load(at);
    return BYTES_MASK((lanes == '/') | ((bytes_lanes)(lanes - 0x20) >= 0x5F));
}

BYTES_INLINE uint32_t bytes_series(const uint8_t *_Nonnull at) {
    bytes_lanes lanes = bytes_load(at);
    return BYTES_MASK((lanes == ' ') | (lanes == '\\') | (lanes == '\n'));
}

BYTES_INLINE uint32_t bytes_key(const uint8_t *_Nonnull at) {
    bytes_lanes lanes = bytes_load(at);
    return BYTES_MASK(
        (lanes == ' ') | (lanes == '\\') | (lanes == '\n') | (lanes == '=') | (lanes == ',')
    );
}

BYTES_INLINE uint32_t bytes_digits(const uint8_t *_Nonnull at) {
    return BYTES_MASK((bytes_lanes)(bytes_load(at) - (uint8_t)'0') < 10);
}

BYTES_INLINE uint32_t bytes_same(const uint8_t *_Nonnull at, const uint8_t *_Nonnull other) {
    return BYTES_MASK(bytes_load(at) == bytes_load(other));
}

#else

BYTES_INLINE uint32_t bytes_string(const uint8_t *_Nonnull at) { return bytes_plain_string(at); }

BYTES_INLINE uint32_t bytes_any(
    const uint8_t *_Nonnull at, uint8_t a, uint8_t b, uint8_t c, uint8_t d
) {
    return bytes_plain_any(at, a, b, c, d);
}

BYTES_INLINE uint32_t bytes_odd(const uint8_t *_Nonnull at) { return bytes_plain_odd(at); }

BYTES_INLINE uint32_t bytes_series(const uint8_t *_Nonnull at) { return bytes_plain_series(at); }

BYTES_INLINE uint32_t bytes_key(const uint8_t *_Nonnull at) { return bytes_plain_key(at); }

BYTES_INLINE uint32_t bytes_digits(const uint8_t *_Nonnull at) { return bytes_plain_digits(at); }

BYTES_INLINE uint32_t bytes_same(const uint8_t *_Nonnull at, const uint8_t *_Nonnull other) {
    return bytes_plain_same(at, other);
}

#endif

/// Sixteen bytes as two words.
struct bytes_words {
    uint64_t head, tail;
};

/// The first 0 to 16 bytes, zeros behind them.
BYTES_INLINE struct bytes_words bytes_words(const uint8_t *_Nonnull at, int count) {
    static const uint8_t ones[32] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    struct bytes_words words, masks;
    memcpy(&words, at, 16);
    memcpy(&masks, ones + 16 - count, 16);
    words.head &= masks.head;
    words.tail &= masks.tail;
    return words;
}

/// Ten to the power of 0 to 15, exact.
BYTES_INLINE double bytes_power(int exponent) {
    static const double powers[16] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    };
    return powers[exponent & 15];
}

/// Ten to the power of 0 to 8.
BYTES_INLINE uint64_t bytes_whole_power(int exponent) {
    static const uint32_t powers[16] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
    };
    return powers[exponent & 15];
}

/// The number that the first 1 to 8 bytes are, which must be digits.
BYTES_INLINE uint64_t bytes_decimal(const uint8_t *_Nonnull at, int count) {
    uint64_t word;
    memcpy(&word, at, 8);
    word = (word ^ 0x3030303030303030) << (64 - 8 * count);
    word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
    word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
    return (word * 10000 + (word >> 32)) & 0xFFFFFFFF;
}

/// Begins to load the memory at an address; a hint, at any address.
BYTES_INLINE void bytes_prefetch(const void *_Nonnull at) { __builtin_prefetch(at); }

/// Reads a word that another thread may write with ``bytes_publish``: what it wrote before is seen.
BYTES_INLINE uint64_t bytes_published(const uint64_t *_Nonnull at) {
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/// Writes a word after everything before it.
BYTES_INLINE void bytes_publish(uint64_t *_Nonnull at, uint64_t word) {
    __atomic_store_n(at, word, __ATOMIC_RELEASE);
}

#endif
