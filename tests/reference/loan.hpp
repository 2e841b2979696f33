// A loan: large ones are looked at by a person, small ones are not; only then is money paid out.
// The guarded step may be skipped, so what it says is optional where it is read.
#pragma once
#include <optional>
#include <string>

#include "skald/saga.hpp"

namespace loan {
using namespace skald;

enum class customer_class { known, unknown, blocked };
struct LoanRequested {
  std::string loan_id;
  long amount_cents;
  customer_class customer;
};
struct AskPerson {
  std::string loan_id;
  long amount_cents;
};
struct PersonAgreed {
  std::string loan_id, clerk;
};
struct PersonRefused {
  std::string loan_id;
};
struct WithdrawQuestion {
  std::string loan_id;
};
struct BookLoan {
  std::string loan_id;
  std::optional<std::string> clerk;
};
struct LoanBooked {
  std::string loan_id;
};
struct UnbookLoan {
  std::string loan_id;
};
struct PayOut {
  std::string loan_id;
  long amount_cents;
};
struct PaidOut {
  std::string loan_id;
};
struct StopPayOut {
  std::string loan_id;
};

inline constexpr step ask = {
    .name = "ask",
    .send = send<AskPerson>("clerks", copy<&AskPerson::loan_id, &LoanRequested::loan_id>,
                            copy<&AskPerson::amount_cents, &LoanRequested::amount_cents>),
    .done = reply<PersonAgreed>,
    .failed = {reply<PersonRefused>},
    .when = field<&LoanRequested::amount_cents> > 1'000'00 ||
            field<&LoanRequested::customer> != customer_class::known,
    .within = 24h,
    .undo = send<WithdrawQuestion>("clerks",
                                   copy<&WithdrawQuestion::loan_id, &LoanRequested::loan_id>)};

inline constexpr step book = {
    .name = "book",
    .send = send<BookLoan>("ledger", copy<&BookLoan::loan_id, &LoanRequested::loan_id>,
                           copy<&BookLoan::clerk, &PersonAgreed::clerk>),
    .done = reply<LoanBooked>,
    .within = 10s,
    .retry = {.times = 5},
    .undo = send<UnbookLoan>("ledger", copy<&UnbookLoan::loan_id, &LoanRequested::loan_id>)};

inline constexpr step pay_out = {
    .name = "pay_out",
    .send = send<PayOut>("bank", copy<&PayOut::loan_id, &LoanRequested::loan_id>,
                         copy<&PayOut::amount_cents, &LoanRequested::amount_cents>),
    .done = reply<PaidOut>,
    .when = !(field<&LoanRequested::customer> == customer_class::blocked),
    .within = 30s,
    .retry = {.times = 3},
    .fence = send<StopPayOut>("bank", copy<&StopPayOut::loan_id, &LoanRequested::loan_id>),
    .undo = irreversible};

inline constexpr definition saga = {.name = "loan",
                                    .version = 1,
                                    .starts = on<&LoanRequested::loan_id>,
                                    .steps = {ask, book, pay_out},
                                    .strict_order = true};
static_assert(sound<saga>);
}  // namespace loan
