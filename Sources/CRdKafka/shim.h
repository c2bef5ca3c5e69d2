#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// rd_kafka_producev is variadic, which Swift cannot call. The payload is copied; on success the
// library owns the headers, else the caller still does.
static inline rd_kafka_resp_err_t fleetscore_kafka_produce(
    rd_kafka_t *handle, rd_kafka_topic_t *topic, int32_t partition, const void *payload,
    size_t count, int64_t timestamp, rd_kafka_headers_t *headers, void *opaque) {
    return rd_kafka_producev(
        handle, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)payload, count),
        RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
}
