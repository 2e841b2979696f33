// A tenant moves out: after the keys are back, everything else must happen, however long it takes.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace moving_out {
using namespace skald;

struct NoticeGiven {
  std::string flat_id, tenant;
};
struct PlanInspection {
  std::string flat_id;
};
struct InspectionPlanned {
  std::string flat_id;
};
struct CancelInspection {
  std::string flat_id;
};
struct TakeKeys {
  std::string flat_id;
};
struct KeysTaken {
  std::string flat_id;
};
struct LeaveKeys {
  std::string flat_id;
};
struct ReturnDeposit {
  std::string flat_id, tenant;
};
struct AdvertiseFlat {
  std::string flat_id;
};

inline constexpr step plan = {
    .name = "plan",
    .send =
        send<PlanInspection>("caretaker", copy<&PlanInspection::flat_id, &NoticeGiven::flat_id>),
    .done = reply<InspectionPlanned>,
    .within = 1min,
    .retry = {.times = 2},
    .undo = send<CancelInspection>("caretaker",
                                   copy<&CancelInspection::flat_id, &NoticeGiven::flat_id>)};

inline constexpr step take_keys = {
    .name = "take_keys",
    .send = send<TakeKeys>("caretaker", copy<&TakeKeys::flat_id, &NoticeGiven::flat_id>),
    .done = reply<KeysTaken>,
    .within = 24h,
    .retry = {.times = 2},
    .fence = send<LeaveKeys>("caretaker", copy<&LeaveKeys::flat_id, &NoticeGiven::flat_id>),
    .undo = irreversible};

inline constexpr step return_deposit = {
    .name = "return_deposit",
    .send = send<ReturnDeposit>("bank", copy<&ReturnDeposit::flat_id, &NoticeGiven::flat_id>,
                                copy<&ReturnDeposit::tenant, &NoticeGiven::tenant>),
    .done = reply<>,
    .within = 1min,
    .retry = {.times = 100},
    .undo = retriable};

inline constexpr step advertise = {
    .name = "advertise",
    .send = send<AdvertiseFlat>("website", copy<&AdvertiseFlat::flat_id, &NoticeGiven::flat_id>),
    .done = reply<>,
    .within = 1min,
    .retry = {.times = 100},
    .undo = retriable};

inline constexpr definition saga = {.name = "moving_out",
                                    .version = 1,
                                    .starts = on<&NoticeGiven::flat_id>,
                                    .steps = {plan, take_keys, return_deposit, advertise}};
static_assert(sound<saga>);
}  // namespace moving_out
