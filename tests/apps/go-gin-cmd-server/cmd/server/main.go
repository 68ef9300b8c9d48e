package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/example/shop/internal/greet"
)

func main() {
	router := gin.Default()
	router.GET("/", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"greeting": greet.To("Gin"), "mode": gin.Mode()})
	})
	// Without an address Gin listens on $PORT.
	log.Fatal(router.Run())
}
