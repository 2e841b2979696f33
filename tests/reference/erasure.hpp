// A customer's data is erased everywhere at the same time; nobody may decline, nothing is undone.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace erasure {
using namespace skald;

struct ErasureDemanded {
  std::string customer_id;
};
struct EraseOrders {
  std::string customer_id;
};
struct EraseMails {
  std::string customer_id;
};
struct CloseCase {
  std::string customer_id;
};

inline constexpr step erase_orders = {
    .name = "erase_orders",
    .send =
        send<EraseOrders>("shop", copy<&EraseOrders::customer_id, &ErasureDemanded::customer_id>),
    .done = reply<>,
    .within = 1h,
    .retry = {.times = 100, .first = 1min, .cap = 24h},
    .undo = retriable};

inline constexpr step erase_mails = {
    .name = "erase_mails",
    .send = send<EraseMails>("mail", copy<&EraseMails::customer_id, &ErasureDemanded::customer_id>),
    .done = reply<>,
    .within = 1h,
    .retry = {.times = 100, .first = 1min, .cap = 24h},
    .undo = retriable};

inline constexpr step close_case = {
    .name = "close_case",
    .send = send<CloseCase>("legal", copy<&CloseCase::customer_id, &ErasureDemanded::customer_id>),
    .done = reply<>,
    .within = 1h,
    .retry = {.times = 100},
    .undo = retriable};

inline constexpr definition saga = {.name = "erasure",
                                    .version = 1,
                                    .starts = on<&ErasureDemanded::customer_id>,
                                    .steps = {together(erase_orders, erase_mails), close_case}};
static_assert(sound<saga>);
}  // namespace erasure
