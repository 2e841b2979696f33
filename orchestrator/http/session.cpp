#include "orchestrator/http/session.hpp"

#include <optional>
#include <vector>

#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/read_request.hpp"
#include "orchestrator/http/streams.hpp"
#include "orchestrator/http/write_response.hpp"

namespace skald::http {
namespace {
namespace bhttp = beast::http;
constexpr std::size_t piece_bytes = 8 << 10;  // of a request, read at once

// A page of another site could name this server by a host of its own; its requests say so.
bool is_local_name(std::string_view host) {
  const auto bracket = host.find(']');
  const auto name = host.substr(0, host.find(':', bracket == host.npos ? 0 : bracket));
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

class session : public std::enable_shared_from_this<session> {
 public:
  session(shared_state& all, std::unique_ptr<connection> peer)
      : all_(all), peer_(std::move(peer)), timer_(all.network), deadline_(all.network) {
    ++all_.connections;
  }
  ~session() { --all_.connections; }

  void start() {
    expire_when_idle();
    peer_->open([self = self()](error_code failed) {
      if (!failed) self->read();
    });
  }

 private:
  using parser = bhttp::request_parser<bhttp::string_body>;

  std::shared_ptr<session> self() { return shared_from_this(); }

  void expire_when_idle() {
    deadline_.expires_after(all_.settings.idle_timeout);
    deadline_.async_wait([weak = weak_from_this()](error_code cancelled) {
      const auto self = cancelled ? nullptr : weak.lock();
      // Moved on while this was on its way?
      if (self && self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->cut();
    });
  }
  void expire_never() { deadline_.expires_at(asio::steady_timer::time_point::max()); }

  void read() {
    if (all_.stopping) return close();
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(all_.settings.max_body_bytes);
    parser_->header_limit(all_.settings.max_header_bytes);
    expire_when_idle();
    parse();
  }

  void read_more() {
    peer_->read_some(buffer_.prepare(piece_bytes),
                     [self = self()](error_code failed, std::size_t bytes) {
                       self->buffer_.commit(bytes);
                       if (!failed) return self->parse();
                       if (failed == asio::error::eof && !self->parser_->got_some()) self->close();
                     });
  }

  void parse() {
    while (buffer_.size() != 0) {
      error_code failed;
      buffer_.consume(parser_->put(buffer_.data(), failed));
      if (failed == bhttp::error::need_more) break;
      if (failed) return refuse(failed);
      if (parser_->is_done()) return asked();
    }
    read_more();
  }

  void asked() {
    asked_at_ = std::chrono::steady_clock::now();
    keep_alive_ = parser_->get().keep_alive();
    head_ = parser_->get().method() == bhttp::verb::head;
    auto read = read_request(parser_->release());
    parser_.reset();
    if (!read.problem.empty()) return write(problem(400, "request", "Bad request", read.problem));
    if (all_.settings.local_names_only && !is_local_name(read.request.header("host")))
      return write(problem(421, "host", "Misdirected request",
                           "Without API keys only requests to localhost are answered."));
    if (all_.routes.is_quick(read.request)) return answered(turn_, answer_of(read.request));
    if (all_.waiting >= all_.settings.max_waiting) {
      auto busy = problem(503, "busy", "Service busy", "Too many requests wait; try again.");
      busy.headers.emplace_back("Retry-After", "1");
      return write(std::move(busy));
    }
    expire_never();
    work([self = self(), q = std::move(read.request)]() mutable { return self->answer_of(q); });
  }

  // A request that cannot even be read is answered, then the peer is cut.
  void refuse(error_code failed) {
    asked_at_ = std::chrono::steady_clock::now();
    keep_alive_ = false;
    if (failed == bhttp::error::body_limit)
      return write(problem(
          413, "too-large", "Content too large",
          "The body may have at most " + std::to_string(all_.settings.max_body_bytes) + " bytes."));
    if (failed == bhttp::error::header_limit)
      return write(problem(431, "headers", "Headers too large",
                           "The headers may have at most " +
                               std::to_string(all_.settings.max_header_bytes) + " bytes."));
    write(problem(400, "request", "Bad request", "This is not HTTP/1.1."));
  }

  // One turn of a handler on a worker. The peer is answered in time even when it is not.
  void work(std::function<response()> task) {
    ++all_.waiting;
    const auto turn = ++turn_;
    timer_.expires_after(all_.settings.answer_within);
    timer_.async_wait([self = self(), turn](error_code cancelled) {
      if (!cancelled && turn == self->turn_) self->give_up();
    });
    asio::post(all_.workers, [self = self(), turn, task = std::move(task)]() mutable {
      response answer = task();
      asio::post(self->all_.network, [self, turn, answer = std::move(answer)]() mutable {
        --self->all_.waiting;
        self->answered(turn, std::move(answer));
      });
    });
  }

  void answered(std::uint64_t turn, response answer) {
    if (turn != turn_) return;  // too late
    timer_.cancel();
    if (answer.again) return wait(std::move(answer));
    answer.stream ? stream(std::move(answer)) : write(std::move(answer));
  }

  void wait(response not_yet) {
    timer_.expires_after(not_yet.again_after);
    timer_.async_wait([self = self(), not_yet = std::move(not_yet)](error_code cancelled) mutable {
      if (cancelled || self->all_.stopping) return;
      if (self->all_.waiting >= self->all_.settings.max_waiting)
        self->wait(std::move(not_yet));
      else
        self->work(std::move(not_yet.again));
    });
  }

  void give_up() {
    ++turn_;
    keep_alive_ = false;
    auto late = problem(503, "late", "Service unavailable", "There was no answer in time.");
    late.headers.emplace_back("Retry-After", "1");
    write(std::move(late));
  }

  // On a worker.
  response answer_of(request& q) const {
    try {
      constexpr std::string_view bearer = "Bearer ";
      const auto presented = q.header("authorization");
      q.principal = all_.authenticate(
          presented.substr(0, bearer.size()) == bearer ? presented.substr(bearer.size()) : "");
    } catch (const std::exception&) {
      return problem(503, "unavailable", "Service unavailable", "Keys cannot be checked now.");
    }
    return all_.routes.answer(q);
  }

  void tell(const response& answer) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked_at_;
    if (all_.settings.answered) all_.settings.answered(answer.route, answer.status, took.count());
  }

  void write(response answer) {
    tell(answer);
    send(write_response(answer, {keep_alive_, head_}), [self = self()](error_code failed) {
      self->writing_.clear();
      if (!failed) self->keep_alive_ ? self->read() : self->close();
    });
  }

  void send(std::string text, connection::done then) {
    writing_ = {std::make_shared<const std::string>(std::move(text))};
    send(std::move(then));
  }
  void send(connection::done then) {
    std::vector<asio::const_buffer> buffers;
    for (const auto& text : writing_) buffers.push_back(asio::buffer(*text));
    expire_when_idle();
    peer_->write(buffers, std::move(then));
  }

  // From here on the connection only carries events. Their memory is shared between clients.
  void stream(response answer) {
    tell(answer);
    events_ = std::move(answer.stream);
    buffer_.clear();
    buffer_.shrink_to_fit();
    send(write_stream_head(answer), [self = self()](error_code failed) { self->sent(failed); });
    watch_peer();
  }

  void sent(error_code failed) {
    writing_.clear();
    if (failed) return cut();
    expire_never();
    events_->when_ready([weak = weak_from_this(), &network = all_.network] {
      asio::post(network, [weak] {
        if (const auto still_here = weak.lock()) still_here->next_events();
      });
    });
  }

  void next_events() {
    if (!events_->take(writing_) || all_.stopping) return cut();
    if (writing_.empty()) return sent({});
    send([self = self()](error_code failed) { self->sent(failed); });
  }

  // Holds the session until the peer leaves. What it still says is not heard.
  void watch_peer() {
    peer_->read_some(asio::buffer(ignored_), [self = self()](error_code failed, std::size_t) {
      failed ? self->cut() : self->watch_peer();
    });
  }

  void cut() { peer_->cut(); }

  // Reads on until the peer has closed too: else what was written last could be lost with a reset.
  void close() {
    expire_when_idle();
    peer_->say_goodbye([self = self()](error_code failed) {
      if (!failed) self->watch_peer();
    });
  }

  shared_state& all_;
  std::unique_ptr<connection> peer_;
  beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  std::shared_ptr<subscription> events_;
  std::vector<subscription::text> writing_;
  asio::steady_timer timer_;     // of a handler's turn, or until its next one
  asio::steady_timer deadline_;  // until the peer must have done its part
  std::uint64_t turn_ = 0;
  std::chrono::steady_clock::time_point asked_at_{};
  bool keep_alive_ = false, head_ = false;
  char ignored_[64];
};
}  // namespace

void run_session(shared_state& all, std::unique_ptr<connection> peer) {
  std::make_shared<session>(all, std::move(peer))->start();
}
}  // namespace skald::http
