import { Controller, Get, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";

declare const process: { env: Record<string, string | undefined> };

@Controller()
class Hello {
  @Get()
  hello(): string {
    return "hello from NestJS";
  }
}

@Module({ controllers: [Hello] })
class App {}

NestFactory.create(App).then((app) => app.listen(process.env.PORT ?? 3000));
