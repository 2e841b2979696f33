#include "sagas/draw.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "sagas/draw_parts.hpp"
#include "tests/reference/all.hpp"

using namespace skald;

namespace {
std::size_t count(const std::string& text, const std::string& words) {
  std::size_t n = 0;
  for (auto at = text.find(words); at != text.npos; at = text.find(words, at + 1)) ++n;
  return n;
}
std::string drawing(const std::string& name) {
  std::ifstream in(std::string(SKALD_SOURCE_DIR) + "/tests/golden/drawing/" + name);
  REQUIRE_MESSAGE(in.good(), name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}
}  // namespace

TEST_CASE("parallel steps, pivots, awaits and undos, as they are drawn") {
  CHECK(to_mermaid(travel::saga) == drawing("travel.mermaid"));
  CHECK(to_dot(vending::self_pay_saga) == drawing("vending_self_pay.dot"));
  CHECK(to_svg(travel::saga) == drawing("travel.svg"));
}

TEST_CASE("every step and every undo is in every picture, every arrow too") {
  for (auto* d : reference::all) {
    CAPTURE(d->name);
    const std::string svg = to_svg(*d), dot = to_dot(*d), mermaid = to_mermaid(*d);
    std::size_t backs = 0, arrows = 0, before = 1, here = 0;
    for (std::size_t i = 0; i < d->steps.size(); ++i) {
      const auto& s = d->steps[i];
      const std::string name(s.name);
      CHECK(count(svg, ">" + name + "</text>") == 1);
      CHECK(count(dot, "label=\"" + name + "\\n") == 1);
      CHECK(count(mermaid, "\"" + name + "<br>") == 1);
      if (const auto label = "if " + draw::condition(s.when); !s.when.empty()) {
        CHECK(count(svg, ">" + draw::escaped_xml(label) + "</text>") == 1);
        CHECK(count(dot, "\\n" + draw::escaped_quotes(label)) == 1);
        CHECK(count(mermaid, "<br>" + draw::escaped_quotes(label)) == 1);
      }
      backs += s.has_undo() || !s.fence.empty();
      ++here;
      if (i + 1 == d->steps.size() || d->steps[i + 1].stage != s.stage) {
        arrows += before * here;
        before = here;
        here = 0;
      }
    }
    arrows += before;
    CHECK(count(svg, "class=\"l\"") == arrows);
    CHECK(count(svg, "class=\"l u\"") == backs);
    CHECK(count(dot, "->") == arrows + backs);
    CHECK(count(mermaid, "-->") == arrows);
    CHECK(count(mermaid, "-.->") == backs);
    CHECK(count(svg, "<") == count(svg, ">"));
  }
}

TEST_CASE("no text of a definition can break out of its picture") {
  auto d = std::make_unique<definition>(loan::saga);
  d->steps[0].when.tokens[4].fixed = {};
  for (auto& t : d->steps[0].when.tokens.items)
    if (t.kind == token::type::literal)
      t.fixed = {value::type::text, 0, "</text><script>\"]\n\\\""};
  const std::string svg = to_svg(*d), dot = to_dot(*d), mermaid = to_mermaid(*d);
  CHECK(svg.find("<script") == svg.npos);
  CHECK(svg.find("&lt;script&gt;&quot;]") != svg.npos);
  CHECK(dot.find("\"]\n\\\"") == dot.npos);
  CHECK(mermaid.find("script>\"]") == mermaid.npos);
}

TEST_CASE("the words of a picture") {
  CHECK(draw::short_name("vending.ReserveItem.v1") == "ReserveItem");
  CHECK(draw::short_name("plain") == "plain");
  CHECK(draw::short_name("a.value") == "value");
  CHECK(draw::duration(90s) == "90 s");
  CHECK(draw::duration(2min) == "2 min");
  CHECK(draw::duration(1500ms) == "1500 ms");
  CHECK(draw::duration(48h) == "2 d");
  CHECK(draw::condition(loan::ask.when) == "(amount_cents > 100000 or customer ≠ \"known\")");
  CHECK(draw::condition(loan::pay_out.when) == "not (customer = \"blocked\")");
  CHECK(draw::condition({}).empty());
}
