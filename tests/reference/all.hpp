// Every reference saga, with its name. Each must be proven, drawn, stored and run as it is.
#pragma once
#include "examples/vending/saga.hpp"
#include "tests/reference/auction.hpp"
#include "tests/reference/erasure.hpp"
#include "tests/reference/loan.hpp"
#include "tests/reference/moving_out.hpp"
#include "tests/reference/registration.hpp"
#include "tests/reference/shop_order.hpp"
#include "tests/reference/subscription.hpp"
#include "tests/reference/transfer.hpp"
#include "tests/reference/travel.hpp"
#include "tests/reference/voucher.hpp"

namespace skald::reference {
// The definitions live in the program's constants.
inline constexpr const definition* all[] = {
    &vending::vending_saga,   // charged by the machine
    &vending::self_pay_saga,  // paid by the customer, who may pay early, late or twice
    &travel::saga,            // two bookings at the same time
    &shop::saga,              // stock and credit, payment, shipment
    &registration::saga,      // account, welcome e-mail, campaign
    &transfer::saga,          // debit and credit
    &subscription::saga,      // begins with an awaited payment
    &loan::saga,              // guards
    &moving_out::saga,        // a tail of retriable steps
    &erasure::saga,           // nothing but retriable steps
    &auction::saga,           // the irreversible step comes first
    &voucher::saga,           // a single step
};
}  // namespace skald::reference
