// Money from one account to another: the debit can be returned, the credit is final.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace transfer {
using namespace skald;

struct TransferOrdered {
  std::string transfer_id, from, to;
  long amount_cents;
};
struct Debit {
  std::string transfer_id, account;
  long amount_cents;
};
struct Debited {
  std::string transfer_id;
};
struct NotCovered {
  std::string transfer_id;
};
struct ReturnDebit {
  std::string transfer_id;
};
struct Credit {
  std::string transfer_id, account;
  long amount_cents;
};
struct Credited {
  std::string transfer_id;
};
struct NoSuchAccount {
  std::string transfer_id;
};
struct StopCredit {
  std::string transfer_id;
};

inline constexpr step debit = {
    .name = "debit",
    .send = send<Debit>("bank", copy<&Debit::transfer_id, &TransferOrdered::transfer_id>,
                        copy<&Debit::account, &TransferOrdered::from>,
                        copy<&Debit::amount_cents, &TransferOrdered::amount_cents>),
    .done = reply<Debited>,
    .failed = {reply<NotCovered>},
    .within = 10s,
    .retry = {.times = 5},
    .undo =
        send<ReturnDebit>("bank", copy<&ReturnDebit::transfer_id, &TransferOrdered::transfer_id>)};

inline constexpr step credit = {
    .name = "credit",
    .send = send<Credit>("bank", copy<&Credit::transfer_id, &TransferOrdered::transfer_id>,
                         copy<&Credit::account, &TransferOrdered::to>,
                         copy<&Credit::amount_cents, &TransferOrdered::amount_cents>),
    .done = reply<Credited>,
    .failed = {reply<NoSuchAccount>},
    .within = 10s,
    .retry = {.times = 5},
    .fence =
        send<StopCredit>("bank", copy<&StopCredit::transfer_id, &TransferOrdered::transfer_id>),
    .undo = irreversible};

inline constexpr definition saga = {.name = "transfer",
                                    .version = 1,
                                    .starts = on<&TransferOrdered::transfer_id>,
                                    .steps = {debit, credit}};
static_assert(sound<saga>);
}  // namespace transfer
