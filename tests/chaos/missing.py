"""A start of which there is no saga: was it lost by Kafka, or not read, or lost by the service?"""
import pathlib
import re
import subprocess


def explain(place):
    """A sentence for each order that was placed and is not a saga, with its record in Kafka."""
    known = {row[0] for row in place.ask("select key from saga")}
    gone = [f"{begin}{n}" for begin, count in place.orders for n in range(1, count + 1)
            if f"{begin}{n}" not in known]
    if not gone:
        return []
    found = look_for(place, gone)
    read = dict(place.ask(f"select id, next_offset[no] from shard, topic "
                          f"where name = '{place.prefix}.starts'"))
    return [sentence(key, found.get(key), read) for key in gone]


def sentence(key, at, read):
    if at is None:
        return f"start of {key}: acknowledged by Kafka, and not found in its log"
    partition, offset = at
    return (f"start of {key}: in Kafka at offset {offset} of partition {partition}, "
            f"which was read up to {read.get(partition)}")


def look_for(place, keys):
    """{key: (partition, offset)} of the keys that the log's files have. Keeps the dump."""
    kafka, wanted = place.around.kafka, set(keys)
    if not hasattr(kafka, "jars"):
        return {}  # somebody else's
    topic = f"{place.prefix}.starts-"
    files = [str(f) for f in pathlib.Path(kafka.folder).rglob(f"{topic}*/*.log")]
    text = subprocess.run(
        ["java", "-cp", f"{kafka.jars}/*", "-Dlog4j2.level=error", "kafka.tools.DumpLogSegments",
         "--deep-iteration", "--print-data-log", "--files", ",".join(files)],
        capture_output=True, text=True).stdout
    (place.folder / "starts.dump").write_text(text)
    found, partition = {}, None
    for line in text.splitlines():
        if begun := re.search(rf"^Dumping .*{re.escape(topic)}(\d+)/", line):
            partition = begun[1]
        record = re.search(r"offset: (\d+) .* key: (\S+)", line)
        if record and record[2] in wanted:
            found[record[2]] = (partition, int(record[1]))
    return found
