from aiohttp import web


async def index(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def create_app() -> web.Application:
    app = web.Application()
    app.add_routes([web.get("/", index)])
    return app


if __name__ == "__main__":
    web.run_app(create_app(), port=9000)
