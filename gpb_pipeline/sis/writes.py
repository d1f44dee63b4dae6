"""Putting and deleting an object of the gradebook, and what the SIS answers it is held by.

What is written is the codecs'; what counts as an acceptance, replies.py's.
"""

from http import HTTPStatus

from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis import reading
from gpb_pipeline.sis.errors import Answer, RefusedError, UnknownOutcome
from gpb_pipeline.sis.replies import require_acceptance
from gpb_pipeline.sis.transport import Call, Transport
from gpb_pipeline.sis.wire import Payload, path

NOT_SERVED = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class Writes:
    """PUTs and DELETEs through a client's transport; `gradebook` is that service's address."""

    def __init__(self, transport: Transport, settings: SisSettings, gradebook: str) -> None:
        self._transport = transport
        self._settings = settings
        self._gradebook = gradebook

    def put(
        self, collection: str, name: str, body: Payload, item: str, class_id: str | None, *, first: bool
    ) -> str:
        ours: str = body[name]["sourcedId"]
        allocating = first and self._settings.id_mode == "provider"
        if allocating:
            del body[name]["sourcedId"]
        url = self._gradebook + path(collection, ours)
        call = Call("PUT", url, item, body=body, keyed=not allocating, class_id=class_id)
        reply = self._transport.send(call)
        require_acceptance(reply, item)
        if self._settings.id_mode == "consumer":
            return ours
        theirs = reading.sourced_id_in(reply.body)
        if theirs is None and allocating:
            raise UnknownOutcome(Answer(reply.status, "no sourcedId in the answer"), item=item)
        return theirs or ours

    def delete(
        self, collection: str, sourced_id: str, item: str, class_id: str | None = None
    ) -> HTTPStatus | None:
        """Delete it; gives the status where there is no DELETE, or nothing of that id, and None when done."""
        if self._settings.withdraw == "tobedeleted":
            return HTTPStatus.METHOD_NOT_ALLOWED
        url = self._gradebook + path(collection, sourced_id)
        try:
            reply = self._transport.send(Call("DELETE", url, item, class_id=class_id))
        except RefusedError as refused:
            if refused.status not in (HTTPStatus.NOT_FOUND, *NOT_SERVED):
                raise
            return HTTPStatus(refused.status)
        require_acceptance(reply, item)
        return None
