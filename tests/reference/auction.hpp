// The hammer falls first: a saga whose first step cannot be undone.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace auction {
using namespace skald;

struct LotClosed {
  int lot;  // the key may be an integer
  std::string bidder;
};
struct AwardLot {
  int lot;
  std::string bidder;
};
struct LotAwarded {
  int lot;
};
struct LotWithdrawn {
  int lot;
};
struct HoldLot {
  int lot;
};
struct SendBill {
  int lot;
  std::string bidder;
};
struct BillSent {
  int lot;
};

inline constexpr step award = {
    .name = "award",
    .send = send<AwardLot>("house", copy<&AwardLot::lot, &LotClosed::lot>,
                           copy<&AwardLot::bidder, &LotClosed::bidder>),
    .done = reply<LotAwarded>,
    .failed = {reply<LotWithdrawn>},
    .within = 10s,
    .retry = {.times = 2},
    .fence = send<HoldLot>("house", copy<&HoldLot::lot, &LotClosed::lot>),
    .undo = irreversible};

inline constexpr step bill = {
    .name = "bill",
    .send = send<SendBill>("billing", copy<&SendBill::lot, &LotClosed::lot>,
                           copy<&SendBill::bidder, &LotClosed::bidder>),
    .done = reply<BillSent>,
    .within = 1min,
    .retry = {.times = 30},
    .undo = retriable};

inline constexpr definition saga = {
    .name = "auction", .version = 1, .starts = on<&LotClosed::lot>, .steps = {award, bill}};
static_assert(sound<saga>);
}  // namespace auction
