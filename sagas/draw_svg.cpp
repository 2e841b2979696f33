// The picture as SVG: one column a stage, so the layout is a table and needs no graph library.
#include <algorithm>
#include <map>

#include "sagas/draw.hpp"
#include "sagas/draw_parts.hpp"

namespace skald {
namespace {
constexpr int margin = 20, gap = 50, letter = 8, line_height = 18, padding = 12, back_height = 30;

struct box {
  int x = 0, y = 0, width = 0, height = 0;
};

std::size_t letters(std::string_view s) {  // not bytes
  return static_cast<std::size_t>(
      std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}
int width_of(const draw::part& p) {
  std::size_t longest = std::max(letters(p.title), letters(p.back));
  for (auto& line : p.lines) longest = std::max(longest, letters(line));
  return static_cast<int>(longest) * letter + 2 * padding;
}
int height_of(const draw::part& p) {
  return static_cast<int>(p.lines.size() + 1) * line_height + padding;
}

class picture {
 public:
  explicit picture(const definition& d) : d_(d), parts_(draw::parts_of(d)) { place(); }

  std::string text() {
    body_ += circle(start_) + words(start_.x + start_.width / 2, start_.y + 21,
                                    draw::short_name(d_.starts.event), "middle", "");
    for (std::size_t i = 0; i < parts_.size(); ++i) part_of(i);
    body_ += circle(end_) + words(end_.x + end_.width / 2, end_.y + 21, "completed", "middle", "");
    arrows();
    const auto size = std::to_string(width_) + " " + std::to_string(height_);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size +
           "\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n<title>" +
           draw::escaped_xml(d_.name) + " version " + std::to_string(d_.version) + "</title>\n" +
           "<style>.b{fill:#fff;stroke:#345}.p{stroke-width:3}.u{stroke-dasharray:4}"
           ".l{stroke:#345;fill:none;marker-end:url(#a)}.t{font-weight:bold}</style>\n"
           "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" "
           "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#345\"/></marker>"
           "</defs>\n" +
           body_ + "</svg>\n";
  }

 private:
  void place() {
    start_ = {margin, 0, static_cast<int>(draw::short_name(d_.starts.event).size()) * letter + 24,
              32};
    int x = start_.x + start_.width + gap;
    boxes_.resize(parts_.size());
    for (std::size_t i = 0; i < parts_.size();) {
      int width = 0, y = margin;
      const auto stage = parts_[i].of->stage;
      const std::size_t first = i;
      for (; i < parts_.size() && parts_[i].of->stage == stage; ++i) {
        boxes_[i] = {x, y, 0, height_of(parts_[i])};
        y += boxes_[i].height + (parts_[i].back.empty() ? 0 : back_height + margin) + margin;
        width = std::max(width, width_of(parts_[i]));
      }
      for (std::size_t k = first; k < i; ++k) boxes_[k].width = width;
      height_ = std::max(height_, y);
      x += width + gap;
    }
    end_ = {x, 0, 96, 32};
    width_ = x + end_.width + margin;
    start_.y = end_.y = boxes_.empty() ? margin : boxes_[0].y + boxes_[0].height / 2 - 16;
  }

  static std::string number(const char* name, int n) {
    return std::string(" ") + name + "=\"" + std::to_string(n) + "\"";
  }
  static std::string rectangle(const box& b, const char* kind, int round) {
    return std::string("<rect class=\"") + kind + "\"" + number("x", b.x) + number("y", b.y) +
           number("width", b.width) + number("height", b.height) + number("rx", round) + "/>\n";
  }
  static std::string circle(const box& b) { return rectangle(b, "b", 16); }
  static std::string words(int x, int y, std::string_view s, const char* anchor, const char* kind) {
    return "<text" + number("x", x) + number("y", y) + " text-anchor=\"" + anchor + "\"" +
           (*kind ? std::string(" class=\"") + kind + "\"" : "") + ">" + draw::escaped_xml(s) +
           "</text>\n";
  }
  void line(int x1, int y1, int x2, int y2, const char* kind) {
    body_ += std::string("<path class=\"") + kind + "\" d=\"M" + std::to_string(x1) + " " +
             std::to_string(y1) + "L" + std::to_string(x2) + " " + std::to_string(y2) + "\"/>\n";
  }
  void part_of(std::size_t i) {
    const auto& p = parts_[i];
    const box& b = boxes_[i];
    body_ += rectangle(b, p.of->kind() == kind::pivot ? "b p" : "b", p.of->awaits() ? 16 : 3);
    int y = b.y + line_height;
    body_ += words(b.x + padding, y, p.title, "start", "t");
    for (auto& l : p.lines) body_ += words(b.x + padding, y += line_height, l, "start", "");
    if (p.back.empty()) return;
    const box back{b.x, b.y + b.height + margin, b.width, back_height};
    line(b.x + b.width / 2, b.y + b.height, b.x + b.width / 2, back.y, "l u");
    body_ += rectangle(back, "b u", 3) + words(back.x + padding, back.y + 20, p.back, "start", "");
  }
  void arrows() {
    std::map<int, std::vector<box>> columns;
    columns[-1] = {start_};
    for (std::size_t i = 0; i < boxes_.size(); ++i)
      columns[parts_[i].of->stage].push_back(boxes_[i]);
    columns[columns.rbegin()->first + 1] = {end_};
    for (auto at = columns.begin(), next = std::next(at); next != columns.end(); ++at, ++next)
      for (auto& from : at->second)
        for (auto& to : next->second)
          line(from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2, "l");
  }

  const definition& d_;
  std::vector<draw::part> parts_;
  std::vector<box> boxes_;
  box start_, end_;
  int width_ = 0, height_ = 2 * margin + 32;
  std::string body_;
};
}  // namespace

std::string to_svg(const definition& d) {
  return picture(d).text();
}
}  // namespace skald
