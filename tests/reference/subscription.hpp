// A subscription that begins with the customer's first payment, which the bank's topic reports
// among payments that are none of ours.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace subscription {
using namespace skald;

struct Subscribed {
  std::string subscription_id, customer;
};
struct OpenSubscription {
  std::string subscription_id, customer;
};
struct SubscriptionOpened {
  std::string subscription_id;
};
struct CloseSubscription {
  std::string subscription_id;
};
struct TransferReceived {
  std::string reference, transfer_id, purpose;
  long amount_cents;
};
struct ReturnTransfer {
  std::string transfer_id;
  long amount_cents;
};
struct Deliver {
  std::string subscription_id;
};
struct Delivering {
  std::string subscription_id;
};
struct StopDelivery {
  std::string subscription_id;
};

inline constexpr step open = {
    .name = "open",
    .send = send<OpenSubscription>(
        "subscriptions", copy<&OpenSubscription::subscription_id, &Subscribed::subscription_id>,
        copy<&OpenSubscription::customer, &Subscribed::customer>),
    .done = reply<SubscriptionOpened>,
    .within = 10s,
    .retry = {.times = 3},
    .undo = send<CloseSubscription>(
        "subscriptions", copy<&CloseSubscription::subscription_id, &Subscribed::subscription_id>)};

inline constexpr step first_payment = {
    .name = "first_payment",
    .await = await<&TransferReceived::reference>(
        {.topic = "bank.events",
         .only = field<&TransferReceived::purpose> == "subscription" &&
                 field<&TransferReceived::amount_cents> >= 500,
         .unclaimed = unclaimed::ignore}),
    .occurrence = field<&TransferReceived::transfer_id>,
    .within = 24h * 14,
    .undo = send<ReturnTransfer>(
        "bank", copy<&ReturnTransfer::transfer_id, &TransferReceived::transfer_id>,
        copy<&ReturnTransfer::amount_cents, &TransferReceived::amount_cents>)};

inline constexpr step deliver = {
    .name = "deliver",
    .send =
        send<Deliver>("logistics", copy<&Deliver::subscription_id, &Subscribed::subscription_id>),
    .done = reply<Delivering>,
    .within = 1min,
    .retry = {.times = 3},
    .fence = send<StopDelivery>("logistics",
                                copy<&StopDelivery::subscription_id, &Subscribed::subscription_id>),
    .undo = irreversible};

inline constexpr definition saga = {.name = "subscription",
                                    .version = 1,
                                    .starts = on<&Subscribed::subscription_id>,
                                    .steps = {open, first_payment, deliver},
                                    .parking = 1h};
static_assert(sound<saga>);
}  // namespace subscription
