#include "orchestrator/dev/vending_demo.hpp"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iomanip>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <set>

#include "orchestrator/dev/private_postgres.hpp"
#include "orchestrator/dev/supervisor.hpp"
#include "orchestrator/read_model.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/kafka/mock_cluster.hpp"

namespace skald::dev {
namespace {
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* payment_topic = "payment.events";  // as the definition says
constexpr int partitions = 8;
constexpr std::int64_t retention_ms = 7 * 24 * 3'600'000;
constexpr milliseconds tick{200};
constexpr seconds live_every{1}, line_every{5}, short_command{60}, audit_within{120};
constexpr seconds stragglers{240};  // lost replies cost whole timeouts; longer is a hang
constexpr seconds service_start{60};

std::string short_random() {
  constexpr char letters[] = "abcdefghijklmnopqrstuvwxyz";
  std::random_device dice;
  std::string text;
  for (int i = 0; i < 6; ++i) text += letters[dice() % 26];
  return text;
}

std::string seconds_since(clock::time_point begin) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1)
       << std::chrono::duration<double>(clock::now() - begin).count() << " s";
  return text.str();
}

class demo {
 public:
  demo(const demo_settings& s, std::ostream& err) : settings_(s), err_(err) {
    programs_ = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  }
  ~demo() { processes_.stop(); }

  demo_result run() {
    for (const auto& [p, language] : settings_.participants)
      if (language != cpp) program_in(language);  // before anything is started
    err_ << "skald " << settings_.version
         << "  dev mode: throw-away data, loopback only, not for production\n";
    start_postgres();
    start_broker();
    migrate();
    start_service();
    store_definition();
    start_participants();
    begin_ = clock::now();
    start_customers();
    const bool all_ended = watch();
    processes_.stop();
    return audit(all_ended);
  }

 private:
  void say(const std::string& part, const std::string& what, clock::time_point since) {
    err_ << "  " << std::left << std::setw(11) << part << std::setw(58) << what << "ready "
         << seconds_since(since) << std::endl;
  }

  void start_postgres() {
    const auto since = clock::now();
    if (!settings_.postgres.empty()) {
      database_ = settings_.postgres;
      for (const auto* p : vending_participants) books_[p] = database_;
      orders_ = "order-" + short_random() + "-";  // the database may know earlier ones
      pg::connection reachable(database_);
      return say("postgres", pg::describe(database_), since);
    }
    using reach = private_postgres::reach;
    postgres_.emplace(in_java() ? reach::loopback : reach::socket);
    postgres_->create_database("skald");
    database_ = postgres_->url("skald");
    for (const auto* p : vending_participants) {
      postgres_->create_database(p);
      books_[p] = postgres_->url(p);
    }
    say("postgres", "private " + postgres_->version() + ", unix socket", since);
  }

  void start_broker() {
    const auto since = clock::now();
    prefix_ = settings_.prefix;
    if (!settings_.kafka.empty()) {
      kafka_ = settings_.kafka;
      if (postgres_) prefix_ += "-dev-" + short_random();  // Kafka may hold an earlier run's topics
      log_ = kafka::open_admin({.bootstrap = kafka_});
      for (const auto* p : vending_participants)
        log_->ensure_topic(std::string(p) + ".commands", partitions, retention_ms);
      if (settings_.self_pay) log_->ensure_topic(payment_topic, partitions, retention_ms);
      return say("broker", "Kafka at " + kafka_, since);
    }
    broker_.emplace();
    kafka_ = broker_->bootstrap();
    for (const auto* topic : {".starts", ".inbox", ".saga-events"})
      broker_->create_topic(prefix_ + topic, partitions);
    for (const auto* p : vending_participants)
      broker_->create_topic(std::string(p) + ".commands", partitions);
    if (settings_.self_pay) broker_->create_topic(payment_topic, partitions);
    log_ = kafka::open_admin({.bootstrap = kafka_});
    say("broker", "in memory (use --kafka for a real one), " + kafka_, since);
  }

  child_command program(const std::string& name, std::vector<std::string> words) {
    child_command c;
    c.words = {programs_ + "/" + name};
    c.words.insert(c.words.end(), words.begin(), words.end());
    c.environment = {
        {"SKALD_POSTGRES", database_}, {"SKALD_KAFKA", kafka_}, {"SKALD_PREFIX", prefix_}};
    c.log = folder_.path() + "/" + name + ".log";
    return c;
  }

  void run_to_end(const child_command& c, const std::string& what) {
    if (const auto code = dev::run(c, short_command); code != 0)
      throw std::runtime_error(what + " failed with exit code " + std::to_string(code) +
                               "; it said:\n" + end_of_file(c.log));
  }

  void migrate() { run_to_end(program("skald", {"migrate", "orchestrator"}), "the migration"); }

  void start_service() {
    auto c = program("skald", {"serve"});
    if (!settings_.http.empty()) {
      c.environment.emplace_back("SKALD_HTTP_LISTEN", settings_.http);
      c.environment.emplace_back("SKALD_DEV_WITHOUT_KEYS", "1");
    }
    processes_.start("service", c, true);
  }

  void store_definition() {
    const auto since = clock::now();
    auto print = program("vending_definitions", {saga()});
    print.output = folder_.path() + "/vending.json";
    run_to_end(print, "vending_definitions");
    auto store = program("skald", {"definition", "register", print.output, "--json"});
    store.output = folder_.path() + "/registered.json";
    run_to_end(store, "skald definition register");
    activate();
    say("saga", saga() + " v1: " + verdict_in(store.output), since);
    if (!settings_.http.empty()) say("api", "http://" + settings_.http + "/v1/sagas", since);
  }

  std::string saga() const { return settings_.self_pay ? "vending_self_pay" : "vending"; }

  // Possible once the service has prepared the database; it says so with its first heartbeat.
  void activate() {
    const auto end = clock::now() + service_start;
    const auto c = program("skald", {"definition", "activate", saga(), "1"});
    for (;;) {
      processes_.look_after();
      const auto code = dev::run(c, short_command);
      if (code == 0) return;
      constexpr int not_yet = 4;
      if (code != not_yet || clock::now() > end)
        throw std::runtime_error("the definition cannot be activated; skald said:\n" +
                                 end_of_file(c.log));
      wait_for_signal(tick);
    }
  }

  static std::string verdict_in(const std::string& registered) {
    const auto text = end_of_file(registered);
    const std::string before = "\"verdict\": \"";
    const auto from = text.find(before);
    if (from == text.npos) return "stored";
    const auto begin = from + before.size();
    return text.substr(begin, text.find('"', begin) - begin);
  }

  void start_participants() {
    const auto since = clock::now();
    for (const auto& [p, language] : settings_.participants)
      processes_.start(p, language == cpp ? in_cpp(p) : in_language(p, language), true);
    const auto mix = describe(settings_.participants);
    say("vending", mix + (mix.find('(') == mix.npos ? ": 3 processes" : ""), since);
  }

  child_command in_cpp(const std::string& p) {
    return program("vending_" + p,
                   {"--kafka", kafka_, "--postgres", books_[p], "--lose-command", "0.01",
                    "--lose-reply", "0.01", "--answer-twice", "0.05", "--delay-reply", "0.05",
                    "--seed", std::to_string(settings_.seed)});
  }

  // The others break nothing on purpose, and leave their tables to the program in C++.
  child_command in_language(const std::string& p, const std::string& language) {
    run_to_end(
        program("vending_" + p, {"--create-tables", "--kafka", kafka_, "--postgres", books_[p]}),
        "the creation of the tables of " + p);
    auto c = program("vending_" + p, {p});
    c.words[0] = program_in(language);
    const auto url = language == "java" && postgres_ ? postgres_->loopback_url(p) : books_[p];
    c.environment.emplace_back("SKALD_PARTICIPANT_POSTGRES", url);
    return c;
  }

  std::string program_in(const std::string& language) const {
    const auto folder = std::filesystem::path(programs_).parent_path() / "participants" / language;
    if (exists(folder / "participant")) return folder / "participant";
    throw std::runtime_error("the participants in " + language +
                             " are not built: ./dev demo --participants does it, or "
                             "examples/vending/build_participants.py " +
                             language + " examples/vending " + folder.string());
  }

  bool in_java() const {
    for (const auto& [p, language] : settings_.participants)
      if (language == "java") return true;
    return false;
  }

  void start_customers() {
    std::ostringstream rate;
    rate << settings_.per_second;
    auto c =
        program("vending_customers",
                {"--kafka",        kafka_,     "--prefix",       prefix_,
                 "--order-prefix", orders_,    "--count",        std::to_string(settings_.once),
                 "--per-second",   rate.str(), "--seed",         std::to_string(settings_.seed),
                 "--declined",     "0.05",     "--out-of-stock", "0.02",
                 "--jams",         "0.03",     "--start-twice",  "0.05",
                 "--start-late",   "0.05"});
    if (settings_.self_pay)
      for (const auto* word :
           {"--self-pay", "--payments-postgres", books_["payments"].c_str(), "--pays-early", "0.1",
            "--pays-late", "0.1", "--tells-twice", "0.1", "--pays-twice", "0.1"})
        c.words.push_back(word);
    processes_.start("customers", c, settings_.once == 0);
  }

  // True: all sagas have ended. False: they did not in time. Stopped by a signal: what is there
  // is given the time to end.
  bool watch() {
    auto next_line = clock::now() + line_every;
    std::optional<clock::time_point> last_customer;
    for (;;) {
      const bool stopped = wait_for_signal(tick);
      for (const auto& sentence : processes_.look_after()) print_line(sentence);
      if (stopped && settings_.once == 0) return settle();
      if (stopped) throw std::runtime_error("stopped before all sagas had ended");
      if (!err_) throw std::runtime_error("nobody reads the progress any more");
      const auto now = counts();
      detect_lost_records();
      if (!last_customer && settings_.once > 0 && processes_.ended("customers"))
        last_customer = clock::now();
      if (last_customer && all_in(now) && all_read() && all_in(counts())) return true;
      if (last_customer && clock::now() - *last_customer > stragglers) return false;
      if (clock::now() >= next_line) {
        print_progress(now);
        next_line = clock::now() + (settings_.live_line ? live_every : line_every);
      }
    }
  }

  // Ctrl-C: nobody enters any more, and the sagas under way are given some seconds.
  bool settle() {
    print_line("stopping: no more customers, waiting for the sagas under way");
    processes_.stop_one("customers");
    const auto end = clock::now() + stragglers;
    while (clock::now() < end) {
      if (all_read())
        if (const auto now = counts(); now.in_flight == 0 && now.parked == 0) return true;
      if (wait_for_signal(tick)) return false;  // the second Ctrl-C
      for (const auto& sentence : processes_.look_after()) print_line(sentence);
    }
    return false;
  }

  bool all_in(const read_model::counts& now) const {
    return now.started >= static_cast<std::int64_t>(settings_.once) && now.in_flight == now.stuck &&
           now.parked == 0;
  }

  // Nothing waits in a topic, not even a payment that comes after its saga has ended.
  bool all_read() {
    for (const auto& o : read_model::shard_offsets(*questions_))
      if (log_->watermarks({o.topic, o.partition}).high > o.next_offset) return false;
    return true;
  }

  read_model::counts counts() {
    if (!questions_ || !questions_->is_open()) questions_.emplace(database_);
    return read_model::count(*questions_, orders_);
  }

  // The embedded broker drops old records without a word; a reader would skip them.
  void detect_lost_records() {
    if (!broker_ || clock::now() < next_gap_check_) return;
    next_gap_check_ = clock::now() + line_every;
    for (const auto& o : read_model::shard_offsets(*questions_))
      if (log_->watermarks({o.topic, o.partition}).low > o.next_offset)
        throw std::runtime_error("the broker in memory has dropped records of " + o.topic +
                                 " that were not read yet: lower --per-second, or use --kafka");
  }

  void print_line(const std::string& sentence) {
    err_ << (settings_.live_line ? "\r\x1b[K " : " ") << sentence << std::endl;
  }

  void print_progress(const read_model::counts& now) {
    std::ostringstream line;
    line << std::setw(3) << std::chrono::duration_cast<seconds>(clock::now() - begin_).count()
         << " s  started " << now.started << "  completed " << now.completed << "  aborted "
         << now.aborted << "  in flight " << now.in_flight << "  duplicates noted "
         << now.duplicates_noted << "  parked " << now.early_noted << "  stuck " << now.stuck;
    if (settings_.live_line)
      err_ << "\r\x1b[K" << line.str() << std::flush;
    else
      err_ << line.str() << std::endl;
  }

  demo_result audit(bool all_ended) {
    const auto now = counts();
    if (settings_.live_line) print_progress(now), err_ << std::endl;
    auto c = program("vending_audit",
                     {"--inventory", books_["inventory"], "--payments", books_["payments"],
                      "--machine", books_["machine"], "--order-prefix", orders_, "--json"});
    c.output = folder_.path() + "/audit.json";
    const auto code = dev::run(c, audit_within);
    constexpr int violated = 1;
    if (code != 0 && code != violated)
      throw std::runtime_error("the audit could not be done; it said:\n" + end_of_file(c.log));
    auto totals = end_of_file(c.output);
    while (totals.ends_with('\n')) totals.pop_back();
    return {.started = static_cast<std::uint64_t>(now.started),
            .completed = static_cast<std::uint64_t>(now.completed),
            .aborted = static_cast<std::uint64_t>(now.aborted),
            .stuck = static_cast<std::uint64_t>(now.stuck),
            .duplicates_noted = static_cast<std::uint64_t>(now.duplicates_noted),
            .early_noted = static_cast<std::uint64_t>(now.early_noted),
            .restarts = processes_.restarts(),
            .seconds = std::chrono::duration<double>(clock::now() - begin_).count(),
            .all_ended = all_ended,
            .exact = code == 0,
            .audit = totals,
            .mistakes = end_of_file(c.log)};
  }

  // Sleeps; true when SIGINT or SIGTERM came.
  static bool wait_for_signal(milliseconds at_most) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    const timespec time{at_most.count() / 1000, at_most.count() % 1000 * 1'000'000};
    return sigtimedwait(&signals, nullptr, &time) > 0;
  }

  const demo_settings& settings_;
  std::ostream& err_;
  std::string programs_, database_, kafka_, prefix_, orders_ = "order-";
  std::map<std::string, std::string> books_;  // participant -> URL
  temporary_folder folder_;
  std::optional<private_postgres> postgres_;
  std::optional<kafka::mock_cluster> broker_;
  std::unique_ptr<log_admin> log_;
  std::optional<pg::connection> questions_;
  supervisor processes_;
  clock::time_point begin_, next_gap_check_;
};
}  // namespace

demo_result run_vending_demo(const demo_settings& s, std::ostream& err) {
  return demo(s, err).run();
}
}  // namespace skald::dev
