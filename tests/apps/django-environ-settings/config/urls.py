from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import path


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {static('shop/style.css')}")


urlpatterns = [path("", index)]
