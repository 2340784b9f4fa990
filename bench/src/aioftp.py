"""Driver of aioftp. Arguments: port, user, password, verb, remote path, local path."""

import asyncio
import pathlib
import sys

import aioftp

port, user, password, verb, remote, local = sys.argv[1:]


async def main():
    async with aioftp.Client.context("localhost", int(port), user, password) as client:
        if verb in ("get", "get-all"):
            await client.download(remote, pathlib.Path(local), write_into=True)
        elif verb == "put":
            await client.upload(pathlib.Path(local), remote, write_into=True)
        elif verb == "put-all":
            # Into the working directory: a bug of aioftp affects uploads with a destination.
            await client.upload(pathlib.Path(local))
        else:
            async for path, facts in client.list(remote):
                print(facts["type"], facts.get("size"), facts.get("modify"), path.name)


asyncio.run(main())
