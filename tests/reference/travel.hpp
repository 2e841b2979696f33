// A trip: flight and hotel are booked at the same time; the payment cannot be taken back.
#pragma once
#include <string>

#include "skald/saga.hpp"

namespace travel {
using namespace skald;

struct TripRequested {
  std::string trip_id, traveller, flight, hotel;
  long price_cents;
};
struct BookFlight {
  std::string trip_id, flight, traveller;
};
struct FlightBooked {
  std::string trip_id, ticket;
};
struct FlightFull {
  std::string trip_id;
};
struct CancelFlight {
  std::string trip_id;
};
struct BookHotel {
  std::string trip_id, hotel;
};
struct HotelBooked {
  std::string trip_id, room;
};
struct HotelFull {
  std::string trip_id;
};
struct CancelHotel {
  std::string trip_id;
};
struct CollectPayment {
  std::string trip_id;
  long amount_cents;
};
struct PaymentCollected {
  std::string trip_id;
};
struct PaymentRefused {
  std::string trip_id;
};
struct StopPayment {
  std::string trip_id;
};
struct SendTickets {
  std::string trip_id, ticket, room;
};
struct TicketsSent {
  std::string trip_id;
};

inline constexpr step book_flight = {
    .name = "book_flight",
    .send = send<BookFlight>("airline", copy<&BookFlight::trip_id, &TripRequested::trip_id>,
                             copy<&BookFlight::flight, &TripRequested::flight>,
                             copy<&BookFlight::traveller, &TripRequested::traveller>),
    .done = reply<FlightBooked>,
    .failed = {reply<FlightFull>},
    .within = 30s,
    .retry = {.times = 2},
    .undo = send<CancelFlight>("airline", copy<&CancelFlight::trip_id, &TripRequested::trip_id>)};

inline constexpr step book_hotel = {
    .name = "book_hotel",
    .send = send<BookHotel>("hotels", copy<&BookHotel::trip_id, &TripRequested::trip_id>,
                            copy<&BookHotel::hotel, &TripRequested::hotel>),
    .done = reply<HotelBooked>,
    .failed = {reply<HotelFull>},
    .within = 30s,
    .retry = {.times = 2},
    .undo = send<CancelHotel>("hotels", copy<&CancelHotel::trip_id, &TripRequested::trip_id>)};

inline constexpr step collect = {
    .name = "collect",
    .send =
        send<CollectPayment>("payments", copy<&CollectPayment::trip_id, &TripRequested::trip_id>,
                             copy<&CollectPayment::amount_cents, &TripRequested::price_cents>),
    .done = reply<PaymentCollected>,
    .failed = {reply<PaymentRefused>},
    .within = 30s,
    .retry = {.times = 2},
    .fence = send<StopPayment>("payments", copy<&StopPayment::trip_id, &TripRequested::trip_id>),
    .undo = irreversible};

inline constexpr step send_tickets = {
    .name = "send_tickets",
    .send = send<SendTickets>("post", copy<&SendTickets::trip_id, &TripRequested::trip_id>,
                              copy<&SendTickets::ticket, &FlightBooked::ticket>,
                              copy<&SendTickets::room, &HotelBooked::room>),
    .done = reply<TicketsSent>,
    .within = 1min,
    .retry = {.times = 20},
    .undo = retriable};

inline constexpr definition saga = {
    .name = "travel",
    .version = 1,
    .starts = on<&TripRequested::trip_id>,
    .steps = {together(book_flight, book_hotel), collect, send_tickets},
    .parallel_undo = true};
static_assert(sound<saga>);
}  // namespace travel
