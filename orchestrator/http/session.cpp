#include "orchestrator/http/session.hpp"

#include <optional>
#include <vector>

#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/read_request.hpp"
#include "orchestrator/http/streams.hpp"

namespace skald::http {
namespace {
namespace bhttp = beast::http;

// A page of another site could name this server by a host of its own; its requests say so.
bool is_local_name(std::string_view host) {
  const auto bracket = host.find(']');
  const auto name = host.substr(0, host.find(':', bracket == host.npos ? 0 : bracket));
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

template <class Stream>
class session : public std::enable_shared_from_this<session<Stream>> {
 public:
  session(shared_state& all, Stream stream)
      : all_(all), stream_(std::move(stream)), timer_(all.network) {
    ++all_.connections;
  }
  ~session() { --all_.connections; }

  void start() {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      expire_when_idle();
      stream_.async_handshake(asio::ssl::stream_base::server,
                              beast::bind_front_handler(&session::after_handshake, self()));
    } else {
      read();
    }
  }

 private:
  using parser = bhttp::request_parser<bhttp::string_body>;
  using message = bhttp::response<bhttp::string_body>;

  auto self() { return this->shared_from_this(); }
  void expire_when_idle() {
    beast::get_lowest_layer(stream_).expires_after(all_.settings.idle_timeout);
  }

  void after_handshake(error_code failed) {
    if (!failed) read();
  }

  void read() {
    if (all_.stopping) return close();
    parser_.emplace();
    parser_->body_limit(all_.settings.max_body_bytes);
    parser_->header_limit(all_.settings.max_header_bytes);
    expire_when_idle();
    bhttp::async_read(stream_, buffer_, *parser_,
                      beast::bind_front_handler(&session::after_read, self()));
  }

  void after_read(error_code failed, std::size_t) {
    asked_at_ = std::chrono::steady_clock::now();
    if (failed == bhttp::error::end_of_stream) return close();
    if (failed) return refuse(failed);
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
    beast::get_lowest_layer(stream_).expires_never();
    work([self = self(), q = std::move(read.request)]() mutable { return self->answer_of(q); });
  }

  // A request that cannot even be read is answered where HTTP allows it, then the peer is cut.
  void refuse(error_code failed) {
    keep_alive_ = false;
    if (failed == bhttp::error::body_limit)
      return write(problem(
          413, "too-large", "Content too large",
          "The body may have at most " + std::to_string(all_.settings.max_body_bytes) + " bytes."));
    if (failed == bhttp::error::header_limit)
      return write(problem(431, "headers", "Headers too large",
                           "The headers may have at most " +
                               std::to_string(all_.settings.max_header_bytes) + " bytes."));
    if (failed == beast::error::timeout) return;
    if (failed.category() == bhttp::make_error_code(bhttp::error::bad_method).category())
      return write(problem(400, "request", "Bad request", "This is not HTTP/1.1."));
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

  void set_head(message& out, const response& answer) {
    out.result(answer.status);
    out.reason(std::string(reason(answer.status)));
    if (!answer.content_type.empty()) out.set(bhttp::field::content_type, answer.content_type);
    out.set(bhttp::field::cache_control, "no-store");
    out.set("X-Content-Type-Options", "nosniff");
    for (auto& [name, value] : answer.headers) out.set(name, value);
  }

  void tell(const response& answer) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked_at_;
    if (all_.settings.answered) all_.settings.answered(answer.route, answer.status, took.count());
  }

  void write(response answer) {
    tell(answer);
    message_.emplace();
    set_head(*message_, answer);
    message_->keep_alive(keep_alive_);
    message_->body() = std::move(answer.body);
    message_->prepare_payload();
    if (head_) message_->body().clear();
    expire_when_idle();
    bhttp::async_write(stream_, *message_,
                       beast::bind_front_handler(&session::after_write, self()));
  }

  void after_write(error_code failed, std::size_t) {
    message_.reset();
    if (failed) return;
    keep_alive_ ? read() : close();
  }

  // From here on the connection only carries events. Their memory is shared between clients.
  void stream(response answer) {
    tell(answer);
    events_ = std::move(answer.stream);
    buffer_.shrink_to_fit();
    message_.emplace();
    answer.content_type = "text/event-stream";
    set_head(*message_, answer);
    message_->set(bhttp::field::connection, "close");
    auto head = std::make_shared<std::string>("HTTP/1.1 200 OK\r\n");
    for (const auto& field : *message_)
      *head += std::string(field.name_string()) + ": " + std::string(field.value()) + "\r\n";
    message_.reset();
    head->append("\r\n");
    writing_ = {head};
    write_events();
    watch_peer();
  }

  void write_events() {
    std::vector<asio::const_buffer> buffers;
    for (const auto& text : writing_) buffers.push_back(asio::buffer(*text));
    expire_when_idle();
    asio::async_write(stream_, buffers, beast::bind_front_handler(&session::after_events, self()));
  }

  void after_events(error_code failed, std::size_t) {
    writing_.clear();
    if (failed) return cut();
    beast::get_lowest_layer(stream_).expires_never();
    events_->when_ready([weak = this->weak_from_this(), &network = all_.network] {
      asio::post(network, [weak] {
        if (auto still_here = weak.lock()) still_here->next_events();
      });
    });
  }

  void next_events() {
    if (!events_->take(writing_) || all_.stopping) return cut();
    writing_.empty() ? after_events({}, 0) : write_events();
  }

  // Holds the session until the peer leaves: a stream's peer says nothing more.
  void watch_peer() {
    stream_.async_read_some(asio::buffer(&ignored_, 1),
                            [self = self()](error_code failed, std::size_t) {
                              failed ? self->cut() : self->watch_peer();
                            });
  }

  void cut() {
    error_code ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }

  void close() {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      expire_when_idle();
      stream_.async_shutdown([self = self()](error_code) {});
    } else {
      error_code ignored;
      stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }
  }

  shared_state& all_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  std::optional<message> message_;
  std::shared_ptr<subscription> events_;
  std::vector<subscription::text> writing_;
  asio::steady_timer timer_;  // of a handler's turn, or until its next one
  std::uint64_t turn_ = 0;
  std::chrono::steady_clock::time_point asked_at_{};
  bool keep_alive_ = false, head_ = false;
  char ignored_ = 0;
};
}  // namespace

void run_session(shared_state& all, plain_stream stream) {
  std::make_shared<session<plain_stream>>(all, std::move(stream))->start();
}
void run_session(shared_state& all, tls_stream stream) {
  std::make_shared<session<tls_stream>>(all, std::move(stream))->start();
}
}  // namespace skald::http
