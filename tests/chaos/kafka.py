"""Apache Kafka of the fault tests' own: one broker, or three."""
import base64
import os
import pathlib
import signal
import subprocess

from processes import Process, free_port, listening, pause, until

COMMON = """process.roles=broker,controller
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""
ALONE = """node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://{ip}:{port},PROXIED://{ip}:{behind},LOSSY://{ip}:{under},\
CONTROLLER://{ip}:{controller}
advertised.listeners=PLAINTEXT://{ip}:{port},PROXIED://{ip}:{proxied},LOSSY://{gate}:{lossy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,LOSSY:PLAINTEXT,\
CONTROLLER:PLAINTEXT
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""
OF_THREE = """node.id={id}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
unclean.leader.election.enable=false
broker.session.timeout.ms=6000
"""
GATE = "10.213.77.1"  # this side of the link that loses packets (link.py)


def new_cluster():
    return "S" + base64.urlsafe_b64encode(os.urandom(16)).decode()[1:22]


class Broker:
    def __init__(self, folder, jars, port, settings, cluster, heap="512m"):
        self.folder, self.jars, self.port = pathlib.Path(folder), jars, port
        self.heap, self.process = heap, None
        self.folder.mkdir(parents=True)
        self.settings = self.folder / "kafka.properties"
        self.settings.write_text(COMMON.format(folder=self.folder) + settings)
        done = subprocess.run(["java", "-cp", f"{jars}/*", "-Dlog4j2.level=warn",
                               "kafka.tools.StorageTool", "format", "-t", cluster, "-c",
                               str(self.settings)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"chaos: Kafka could not format its storage: {done.stdout[-500:]}")

    def begin(self):
        self.process = Process(["java", f"-Xmx{self.heap}", "-XX:TieredStopAtLevel=1", "-cp",
                                f"{self.jars}/*", "-Dlog4j2.level=warn", "kafka.Kafka",
                                self.settings], self.folder / "log")

    def start(self):
        self.begin()
        until("Kafka listens", lambda: listening(self.port), 120, 0.1)
        return self

    def kill(self):
        self.process.end(signal.SIGKILL)

    def restart(self, down=0.5):
        self.kill()
        pause(down)
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def end(self):
        if self.process:
            self.process.end(signal.SIGKILL)


class Kafka(Broker):
    """One broker with three doors: its own; `proxied`, which a fault proxy is to serve; and
    `lossy`, which is served at the end of a link that loses packets."""

    def __init__(self, folder, jars):
        port, self.behind, self.proxied = free_port(), free_port(), free_port()
        self.under, self.lossy = free_port(), free_port()
        super().__init__(folder, jars, port, ALONE.format(
            port=port, behind=self.behind, proxied=self.proxied, under=self.under,
            lossy=self.lossy, gate=GATE, controller=free_port(), ip="127.0.0.1"), new_cluster())


class ThreeBrokers:
    """Every topic on all three, acknowledged by two."""

    def __init__(self, folder, jars):
        self.folder, self.jars, cluster = pathlib.Path(folder), jars, new_cluster()
        controllers = [free_port() for _ in range(3)]
        voters = ",".join(f"{i}@127.0.0.1:{p}" for i, p in enumerate(controllers, 1))
        self.all = []
        for i, controller in enumerate(controllers, 1):
            port = free_port()
            self.all.append(Broker(self.folder / str(i), jars, port, OF_THREE.format(
                id=i, voters=voters, port=port, controller=controller), cluster, "320m"))

    def start(self):
        for broker in self.all:
            broker.begin()
        for broker in self.all:
            until("Kafka listens", lambda b=broker: listening(b.port), 120, 0.1)
        return self

    @property
    def address(self):
        return ",".join(broker.address for broker in self.all)

    def end(self):
        for broker in self.all:
            broker.end()


class SharedKafka:
    def __init__(self, address):
        self.address = address

    def end(self):
        pass
