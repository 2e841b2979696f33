#!/usr/bin/env python3
"""Each rule of tidy.py finds its breach, and lets the right form pass."""
import pathlib
import tempfile
import unittest

import tidy

HEADER = "#pragma once\n"
CASES = [  # rule's words, path, wrong, right
    ("101 columns", "sagas/a.cpp", "//" + "x" * 99 + "\n", "//" + "x" * 98 + "\n"),
    ("101 columns", "sagas/a.cpp", "// clang-format on\n//" + "x" * 99 + "\n",
     "// clang-format off\n//" + "x" * 99 + "\n"),
    ("401 lines", "sagas/a.cpp", "int x;\n" * 401, "int x;\n" * 400),
    ("a test sleeps", "tests/a.cpp", "std::this_thread::sleep_for(1ms);\n", "// sleep_for(1ms)\n"),
    ("a test sleeps", "tests/a.py", "time.sleep(1)\n", "wait()\n"),
    ("outside the clock seam", "orchestrator/load.cpp", "std::chrono::system_clock::now();\n",
     "std::chrono::steady_clock::now();\n"),
    ("SQL in a string", "orchestrator/load.cpp", 'exec("select 1 from saga");\n',
     "exec(sql::saga::load);\n"),
    ("against the arrow", "sagas/a.hpp", HEADER + '#include "outbox/wire.hpp"\n',
     HEADER + '#include "skald/model.hpp"\n'),
    ("against the arrow", "outbox/a.hpp", HEADER + '#include "sagas/machine.hpp"\n',
     HEADER + '#include "outbox/wire.hpp"\n'),
    ("against the arrow", "orchestrator/a.hpp", HEADER + '#include "examples/vending/saga.hpp"\n',
     HEADER + '#include "sagas/machine.hpp"\n'),
    ("may be included only in", "orchestrator/a.cpp", "#include <pqxx/pqxx>\n",
     "#include <string>\n"),
    ("may be included only in", "outbox/a.cpp", "#include <librdkafka/rdkafka.h>\n",
     "#include <string>\n"),
    ("a path of one machine", "README.md", "see /wo" "rk/main\n", "see build/wo" "rk/main\n"),
    ("unfinished work", "sagas/a.cpp", "// TODO later\n", "// later\n"),
    ("a name that says nothing", "sagas/json_util.cpp", "int x;\n", None),
    ("without #pragma once", "sagas/a.hpp", "int x;\n", HEADER),
    ("no CMakeLists.txt lists", "tests/unit/a_test.cpp", "int x;\n", None),
]


def found_in(path, content, more=()):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in [(path, content), *more]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return [sentence for _, _, sentence in tidy.breaches(root)]


class Rules(unittest.TestCase):
    def test_each_rule(self):
        for words, path, wrong, right in CASES:
            with self.subTest(path=path, words=words):
                found = found_in(path, wrong)
                self.assertEqual(len(found), 1, found)
                self.assertIn(words, found[0])
                if right is not None:
                    self.assertEqual(found_in(path, right), [])

    def test_every_rule_has_a_case(self):
        self.assertGreaterEqual(len({words for words, *_ in CASES}), len(tidy.RULES) + 1)

    def test_a_listed_test_is_fine(self):
        listing = ("tests/unit/CMakeLists.txt", "skald_test(a LABEL unit SOURCES a_test.cpp)\n")
        self.assertEqual(found_in("tests/unit/a_test.cpp", "int x;\n", [listing]), [])


if __name__ == "__main__":
    unittest.main()
