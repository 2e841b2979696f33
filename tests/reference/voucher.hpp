// The smallest saga: one step that can be undone.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace voucher {
using namespace skald;

struct VoucherWon {
  std::string voucher_id;
};
struct GrantVoucher {
  std::string voucher_id;
  int value_cents;
};
struct VoucherGranted {
  std::string voucher_id;
};
struct NoVouchersLeft {
  std::string voucher_id;
};
struct WithdrawVoucher {
  std::string voucher_id;
};

inline constexpr step grant = {
    .name = "grant",
    .send = send<GrantVoucher>("vouchers", copy<&GrantVoucher::voucher_id, &VoucherWon::voucher_id>,
                               set<&GrantVoucher::value_cents>(500)),
    .done = reply<VoucherGranted>,
    .failed = {reply<NoVouchersLeft>},
    .within = 5s,
    .retry = {.times = 2},
    .undo = send<WithdrawVoucher>("vouchers",
                                  copy<&WithdrawVoucher::voucher_id, &VoucherWon::voucher_id>)};

inline constexpr definition saga = {
    .name = "voucher", .version = 1, .starts = on<&VoucherWon::voucher_id>, .steps = {grant}};
static_assert(sound<saga>);
}  // namespace voucher
