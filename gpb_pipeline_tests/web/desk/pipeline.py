"""The pipeline beside the pages, as the daemon has it: the sensor ticks, and what it launches is run."""

import time
from threading import Event, Thread

import dagster as dg

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration import requested
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.resources import Passback

TICK = 0.3  # seconds


class Pipeline(Thread):
    """Launches what is asked for until it is ended; an error of its own is raised where it is ended."""

    def __init__(self) -> None:
        super().__init__(name="pipeline")
        self._ended = Event()
        self._launched: set[str] = set()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            with dg.DagsterInstance.ephemeral() as instance:
                while not self._ended.is_set():
                    self._tick(instance)
                    time.sleep(TICK)
        except BaseException as error:  # noqa: BLE001  told by end()
            self._error = error

    def end(self) -> None:
        self._ended.set()
        self.join()
        if self._error:
            raise self._error

    def _tick(self, instance: dg.DagsterInstance) -> None:
        with dg.build_sensor_context(instance=instance, resources={"passback": Passback()}) as context:
            result = requested.requested_syncs.evaluate_tick(context)
        for change in result.dynamic_partitions_requests or []:
            add_courses(instance, change.partition_keys)
        for each in result.run_requests or []:
            if each.run_key in self._launched:  # as the daemon does
                continue
            self._launched.add(str(each.run_key))
            job = defs.resolve_job_def(str(each.job_name))
            job.execute_in_process(
                instance=instance, run_config=each.run_config, tags=dict(each.tags), raise_on_error=False
            )
