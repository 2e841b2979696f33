// A new customer: an account that can be closed again, a welcome e-mail and, if wanted, a campaign.
// No irreversible step: the point of no return is the first e-mail.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace registration {
using namespace skald;

struct CustomerRegistered {
  std::string customer_id, email;
  bool wants_news;
};
struct OpenAccount {
  std::string customer_id, email;
};
struct AccountOpened {
  std::string customer_id;
};
struct AccountRefused {
  std::string customer_id;
};
struct CloseAccount {
  std::string customer_id;
};
struct SendWelcome {
  std::string customer_id, email, language;
};
struct WelcomeSent {
  std::string customer_id;
};
struct JoinCampaign {
  std::string customer_id;
};
struct CampaignJoined {
  std::string customer_id;
};

inline constexpr step open_account = {
    .name = "open_account",
    .send = send<OpenAccount>("accounts",
                              copy<&OpenAccount::customer_id, &CustomerRegistered::customer_id>,
                              copy<&OpenAccount::email, &CustomerRegistered::email>),
    .done = reply<AccountOpened>,
    .failed = {reply<AccountRefused>},
    .within = 10s,
    .retry = {.times = 3},
    .undo = send<CloseAccount>("accounts",
                               copy<&CloseAccount::customer_id, &CustomerRegistered::customer_id>)};

inline constexpr step welcome = {
    .name = "welcome",
    .send = send<SendWelcome>(
        "mail", copy<&SendWelcome::customer_id, &CustomerRegistered::customer_id>,
        copy<&SendWelcome::email, &CustomerRegistered::email>, set<&SendWelcome::language>("en")),
    .done = reply<WelcomeSent>,
    .within = 1min,
    .retry = {.times = 50, .first = 1s, .factor = 3, .cap = 10min},
    .undo = retriable};

inline constexpr step join_campaign = {
    .name = "join_campaign",
    .send = send<JoinCampaign>("marketing",
                               copy<&JoinCampaign::customer_id, &CustomerRegistered::customer_id>),
    .done = reply<CampaignJoined>,
    .when = field<&CustomerRegistered::wants_news>,
    .within = 1min,
    .retry = {.times = 50},
    .undo = retriable};

inline constexpr definition saga = {.name = "registration",
                                    .version = 1,
                                    .starts = on<&CustomerRegistered::customer_id>,
                                    .steps = {open_account, welcome, join_campaign},
                                    .publish = publish::steps};
static_assert(sound<saga>);
}  // namespace registration
