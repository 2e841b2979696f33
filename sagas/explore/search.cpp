#include "sagas/explore/search.hpp"

#include <algorithm>

#include "sagas/explore/pack.hpp"
#include "sagas/explore/visited.hpp"

namespace skald::explore {
namespace {
// Who leads to whom, to walk backwards from the goal.
class graph {
 public:
  void add(std::uint32_t from, std::uint32_t to) {
    if (from == to) return;
    if (edges_.size() == max_edges) full_ = true;
    if (!full_) edges_.push_back({to, from});
  }
  bool complete() const { return !full_; }
  std::size_t size() const { return edges_.size(); }

  // The first world that leads to none of `good`; nobody: all do.
  std::uint32_t stranded(std::vector<bool> good) {
    std::vector<std::uint32_t> begins(good.size() + 1), leads(edges_.size()), queue;
    for (auto& e : edges_) ++begins[e.to + 1];
    for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
    auto at = begins;
    for (auto& e : edges_) leads[at[e.to]++] = e.from;
    for (std::uint32_t i = 0; i < good.size(); ++i)
      if (good[i]) queue.push_back(i);
    while (!queue.empty()) {
      auto to = queue.back();
      queue.pop_back();
      for (auto i = begins[to]; i < begins[to + 1]; ++i) {
        if (good[leads[i]]) continue;
        good[leads[i]] = true;
        queue.push_back(leads[i]);
      }
    }
    auto bad = std::find(good.begin(), good.end(), false);
    return bad == good.end() ? nobody : static_cast<std::uint32_t>(bad - good.begin());
  }

 private:
  struct edge {
    std::uint32_t to, from;
  };
  std::vector<edge> edges_;
  bool full_ = false;
};

void note_cells(const happening& h, std::bitset<max_cells>& cells) {
  if (h.to_engine) cells.set(h.outcome.cell % max_cells);
  for (auto cell : h.cells) cells.set(cell % max_cells);
}

class breadth_first {
 public:
  breadth_first(const universe& u, const goal& g, std::size_t max_states)
      : u_(u), d_(u.definition()), goal_(g), max_states_(max_states) {}

  found run() {
    for (auto& w : u_.beginnings()) remember(w, nobody);
    std::size_t level_end = seen_.size();
    for (std::uint32_t i = 0; i < seen_.size() && result_.path.empty(); ++i) {
      if (i == level_end) {
        ++result_.depth;
        level_end = seen_.size();
      }
      expand(i);
    }
    if (result_.path.empty() && result_.complete) judge_goal();
    result_.states = seen_.size();
    result_.edges = graph_.size();
    return std::move(result_);
  }

 private:
  std::uint32_t remember(const world& w, std::uint32_t parent) {
    pack(d_, w, bytes_);
    auto [number, is_new] = seen_.insert(bytes_, parent);
    if (is_new && goal_.reached) good_.push_back(w.overflowed || goal_.reached(w));
    return number;
  }

  void expand(std::uint32_t from) {
    unpack(d_, seen_.bytes(from), here_);
    u_.moves(here_, moves_);
    there_ = here_;
    for (auto& m : moves_) {
      const bool moved = u_.apply(there_, m, happening_);
      note_cells(happening_, result_.cells);
      if (!moved) continue;
      result_.violation = judge(u_, there_, m, happening_);
      if (result_.violation.found()) return tell(from, &m);
      if (there_.overflowed) result_.complete = false;
      if (seen_.size() < max_states_) {
        auto to = remember(there_, from);
        if (goal_.reached) graph_.add(from, to);
      } else {
        result_.complete = false;
      }
      there_ = here_;
    }
  }

  void judge_goal() {
    if (!goal_.reached || !graph_.complete()) return;
    result_.goal_judged = true;
    auto lost = graph_.stranded(good_);
    if (lost == nobody) return;
    result_.violation = {goal_.rule, goal_.sentence};
    tell(lost, nullptr);
  }

  // The moves that led to world `last`, then `next`.
  void tell(std::uint32_t last, const move* next) {
    std::vector<std::uint32_t> worlds;
    for (auto i = last; i != nobody; i = seen_.parent(i)) worlds.push_back(i);
    std::reverse(worlds.begin(), worlds.end());
    unpack(d_, seen_.bytes(worlds[0]), result_.beginning);
    auto final_move = next ? *next : move{};
    for (std::size_t i = 1; i < worlds.size(); ++i)
      result_.path.push_back(between(worlds[i - 1], worlds[i]));
    if (next) result_.path.push_back(final_move);
    if (result_.path.empty()) result_.path.push_back({move_kind::start});
  }

  move between(std::uint32_t from, std::uint32_t to) {
    world parent;
    unpack(d_, seen_.bytes(from), parent);
    std::vector<move> moves;
    u_.moves(parent, moves);
    for (auto& m : moves) {
      auto child = parent;
      u_.apply(child, m, happening_);
      pack(d_, child, bytes_);
      if (seen_.insert(bytes_, to).first == to) return m;
    }
    return {};
  }

  const universe& u_;
  const definition& d_;
  goal goal_;
  std::size_t max_states_;
  visited seen_;
  graph graph_;
  std::vector<bool> good_;
  found result_;
  world here_, there_;  // and below: kept to spare allocations
  happening happening_;
  std::vector<move> moves_;
  std::vector<std::uint8_t> bytes_;
};

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
  auto z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
}  // namespace

found search(const universe& u, const goal& g, std::size_t max_states) {
  return breadth_first(u, g, max_states).run();
}

found wander(const universe& u, std::uint64_t seed) {
  found result;
  result.complete = false;
  auto beginnings = u.beginnings();
  std::vector<move> moves;
  happening h;
  for (int walk = 0; walk < walks; ++walk) {
    result.beginning = beginnings[next_random(seed) % beginnings.size()];
    result.path.clear();
    auto w = result.beginning;
    for (int i = 0; i < walk_length; ++i) {
      u.moves(w, moves);
      if (moves.empty()) break;
      auto m = moves[next_random(seed) % moves.size()];
      u.apply(w, m, h);
      note_cells(h, result.cells);
      ++result.states;
      result.path.push_back(m);
      result.depth = std::max(result.depth, i + 1);
      result.violation = judge(u, w, m, h);
      if (result.violation.found()) return result;
    }
  }
  result.path.clear();
  return result;
}
}  // namespace skald::explore
