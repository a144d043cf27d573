// The classic account life cycle through the JDK's own client: java.net.http.HttpClient with a CookieManager.
// Prints nothing on success. Run: java Jdk.java http://127.0.0.1:5000
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

public class Jdk {
  static final HttpClient CLIENT = HttpClient.newBuilder()
      .cookieHandler(new CookieManager())
      .followRedirects(HttpClient.Redirect.NORMAL)
      .build();
  static String base;

  static HttpResponse<String> send(String method, String path, String type, String body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
    if (type != null) request.header("Content-Type", type);
    request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  static HttpResponse<String> form(String method, String path, String... pairs) throws Exception {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < pairs.length; i += 2) {
      if (i > 0) body.append('&');
      body.append(pairs[i]).append('=').append(URLEncoder.encode(pairs[i + 1], StandardCharsets.UTF_8));
    }
    return send(method, path, "application/x-www-form-urlencoded", body.toString());
  }

  static void check(HttpResponse<String> answer, int status, String body) {
    String type = answer.headers().firstValue("content-type").orElse("");
    if (answer.statusCode() != status || (body != null && !answer.body().equals(body)) || !type.equals("application/json"))
      throw new AssertionError(answer.request().method() + " " + answer.uri() + ": " + answer.statusCode() + " " + type + " " + answer.body());
  }

  public static void main(String[] args) throws Exception {
    base = args[0];
    String email = "jdk@example.com";
    check(form("POST", "/users", "email", email, "password", "b4l0u"), 200, "{\"email\":\"" + email + "\",\"message\":\"user created\"}");
    check(form("POST", "/users", "email", email, "password", "b4l0u"), 400, "{\"message\":\"email already registered\"}");
    check(form("POST", "/sessions", "email", email, "password", "wrong"), 401, null);
    check(send("GET", "/profile", null, null), 403, null);
    check(send("POST", "/sessions", "application/json", "{\"email\":\"" + email + "\",\"password\":\"b4l0u\"}"), 200, "{\"email\":\"" + email + "\",\"message\":\"logged in\"}");
    // CookieManager quotes the value of a cookie that has Max-Age without Expires.
    check(send("GET", "/profile", null, null), 200, "{\"email\":\"" + email + "\"}");
    // It repeats DELETE on a 302.
    check(send("DELETE", "/sessions", null, null), 200, "{\"message\":\"Bienvenue\"}");
    check(send("GET", "/profile", null, null), 403, null);
    check(form("POST", "/reset_password", "email", "nope"), 403, null);
    HttpResponse<String> reset = form("POST", "/reset_password", "email", email);
    check(reset, 200, null);
    String token = reset.body().replaceAll(".*\"reset_token\":\"([^\"]+)\".*", "$1");
    check(form("PUT", "/reset_password", "email", email, "reset_token", token, "new_password", "t4rt1fl3tt3"), 200, "{\"email\":\"" + email + "\",\"message\":\"Password updated\"}");
    check(form("POST", "/sessions", "email", email, "password", "t4rt1fl3tt3"), 200, null);
    check(send("GET", "/profile", null, null), 200, "{\"email\":\"" + email + "\"}");
  }
}
